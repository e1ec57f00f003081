-- Finds months whose last load received more or fewer rows than ClearGrid's own exact count. The check passes if there
-- are none. A count that changed while the month was read is not exact.
-- Severity: ERROR, blocking
-- To do: load the month again; if the check stays red, send ClearGrid both counts.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT month, rows_received, expected_total, run_id
FROM raw.last_loads
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND total_exact
    AND rows_received <> expected_total
