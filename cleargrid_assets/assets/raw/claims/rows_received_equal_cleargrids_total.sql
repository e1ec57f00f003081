-- Finds months whose last load received another number of rows than ClearGrid's own exact count.
-- No row: the claim holds. A count that moved while the month was read is not exact.
-- To do: load the month again; if it stays red, send ClearGrid both counts.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT month, rows_received, expected_total, run_id
FROM raw.last_loads
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND total_exact
    AND rows_received <> expected_total
