-- Finds landed rows that had not happened yet when they were landed. No row: the claim holds.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT month, public_id, communicated_at, landed_at
FROM raw.d23_manual_communication_logs
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND communicated_at > landed_at
