-- Finds landed rows whose duration is below zero. The check passes if there are none.
-- Severity: WARN
-- To do: send ClearGrid the listed ids; leave these rows out of sums of durations until ClearGrid corrects them.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT month, public_id, duration
FROM raw.d21_communication_logs
WHERE (getvariable('month') IS NULL OR month = getvariable('month')) AND duration < 0
