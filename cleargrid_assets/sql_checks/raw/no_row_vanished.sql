-- Finds months whose latest re-read no longer returned rows that had landed earlier. The check passes if there are
-- none. raw.d23_changes lists the rows (change = 'vanished').
-- Severity: WARN
-- To do: ask ClearGrid whether it removed the rows; they no longer count, and raw.d23_changes keeps their values.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT month, rows_vanished, run_id
FROM raw.last_loads
WHERE (getvariable('month') IS NULL OR month = getvariable('month')) AND rows_vanished > 0
