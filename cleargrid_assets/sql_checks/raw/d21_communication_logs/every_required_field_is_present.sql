-- Finds landed rows without a field that every log entry must have. The check passes if there are none.
-- Severity: ERROR, blocking
-- To do: load the month again; if the check stays red, report it: such rows belong in quarantine.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT month, public_id, communicated_at
FROM raw.d21_communication_logs
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND (
        public_id IS NULL
        OR communicated_at IS NULL
        OR created_at IS NULL
        OR updated_at IS NULL
    )
