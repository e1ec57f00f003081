-- Finds months whose last load left no observation although it holds promises in scope. No row: the claim holds.
-- Compute the month's ptp_vintage before the month is loaded again: what was not observed cannot be read later.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH last_load AS (
    SELECT month, max(loaded_at) AS loaded_at
    FROM raw.d23_loads
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
    GROUP BY month
),

promised AS (
    SELECT month, count(*) AS promises
    FROM core.contact_attempts
    WHERE
        (getvariable('month') IS NULL OR month = getvariable('month'))
        AND (is_active OR getvariable('row_scope') = 'all')
        AND contact_class = 'right_party'
        AND result_class = 'promise'
    GROUP BY month
)

SELECT last_load.month, last_load.loaded_at, promised.promises
FROM last_load
INNER JOIN promised ON last_load.month = promised.month
WHERE NOT EXISTS (
    SELECT 1
    FROM analytics.ptp_vintage AS observed
    WHERE observed.month = last_load.month AND observed.observed_at = last_load.loaded_at
)
