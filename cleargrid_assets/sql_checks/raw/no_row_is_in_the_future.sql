-- Finds landed rows whose communicated_at was in the future when they were landed. The check passes if there are none.
-- Severity: WARN
-- To do: send ClearGrid the listed ids; the rows count in their month until ClearGrid corrects them.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT month, public_id, communicated_at, landed_at
FROM raw.d23_manual_communication_logs
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND communicated_at > landed_at
