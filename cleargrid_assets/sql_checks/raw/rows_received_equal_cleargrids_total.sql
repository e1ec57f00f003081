-- Finds months whose last load received more or fewer rows than ClearGrid's own exact count. The check passes if there
-- are none. A count that changed while the month was read is not exact.
-- Severity: ERROR, blocking
-- To do: load the month again; if the check stays red, send ClearGrid both counts.
-- Observed: {rows_received} rows received; ClearGrid counted {expected_total}.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
-- Rows that violate the check have holds = false.
SELECT
    month,
    rows_received,
    expected_total,
    run_id,
    rows_received = expected_total AS holds
FROM raw.last_loads
WHERE (getvariable('month') IS NULL OR month = getvariable('month')) AND total_exact
