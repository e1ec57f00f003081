-- Finds values outside their interval, shares outside 0 to 1, values without a denominator, and denominators without a
-- value. The check passes if there are none.
-- Severity: ERROR, blocking
-- To do: this is a bug in cleargrid_assets; report it with these rows.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT *
FROM analytics.kpi_monthly
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND NOT (
        coalesce(isfinite(value), TRUE)
        AND (value IS NULL) = (denominator = 0)
        AND (lo IS NULL) = (hi IS NULL)
        AND (lo IS NULL OR (0 <= lo AND lo <= value AND value <= hi AND hi <= 1 AND numerator <= denominator))
    )
