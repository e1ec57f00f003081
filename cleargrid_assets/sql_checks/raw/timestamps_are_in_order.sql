-- Finds landed rows that were logged before they happened, or changed before they were logged. The check passes if
-- there are none.
-- Severity: WARN
-- To do: send ClearGrid the listed ids; do not trust the logging lags of these rows, which are negative.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT month, public_id, communicated_at, created_at, updated_at
FROM raw.d23_manual_communication_logs
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND (created_at < communicated_at OR updated_at < created_at)
