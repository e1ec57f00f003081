-- Finds months whose last re-read no longer held rows that were landed before. No row: the claim holds.
-- raw.d23_changes names them (change = 'vanished').
-- To do: ask ClearGrid whether it removed the rows; they no longer count, and raw.d23_changes keeps what they held.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT month, rows_vanished, run_id
FROM raw.last_loads
WHERE (getvariable('month') IS NULL OR month = getvariable('month')) AND rows_vanished > 0
