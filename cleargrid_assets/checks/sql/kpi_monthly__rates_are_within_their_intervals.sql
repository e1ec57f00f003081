-- Finds values that are not within their interval, shares that are not within 0 and 1, values without a denominator,
-- and denominators without a value. No row: the claim holds. A row is a defect of cleargrid_assets: report it.
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
