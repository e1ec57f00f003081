-- Finds months whose last load received another number of rows than ClearGrid's own exact count.
-- No row: the claim holds. A count that moved while the month was read is not exact.
-- To do: load the month again; if it stays red, send ClearGrid both counts.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH last_load AS (
    SELECT *
    FROM raw.d23_loads
    QUALIFY row_number() OVER (PARTITION BY month ORDER BY loaded_at DESC) = 1
)

SELECT month, rows_received, expected_total, run_id
FROM last_load
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND total_exact
    AND rows_received <> expected_total
