-- Finds landed rows whose communicated_at is outside the month's range in UTC. The check passes if there are none.
-- Severity: ERROR, blocking
-- To do: check whether CLEARGRID_TIMEZONE was changed after the month was landed; then load the month again.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT logs.month, logs.public_id, logs.communicated_at
FROM raw.d23_manual_communication_logs AS logs
LEFT JOIN raw.last_loads AS last_load ON logs.month = last_load.month
WHERE
    (getvariable('month') IS NULL OR logs.month = getvariable('month'))
    AND (
        last_load.since IS NULL
        OR logs.communicated_at < last_load.since
        OR logs.communicated_at >= last_load.until
    )
