-- Finds landed rows that core.contact_attempts lacks, and attempts that were never landed or differ from their landed
-- row. The check passes if there are none.
-- Severity: ERROR, blocking
-- To do: run the job compute_month for the month.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT
    coalesce(landed.public_id, attempt.public_id) AS public_id,
    landed.public_id IS NULL AS was_never_landed,
    attempt.public_id IS NULL AS is_missing
FROM (
    SELECT *
    FROM raw.d23_manual_communication_logs
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
) AS landed
FULL JOIN (
    SELECT *
    FROM core.contact_attempts
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
) AS attempt
    ON landed.public_id = attempt.public_id AND landed.month = attempt.month
WHERE
    landed.public_id IS NULL
    OR attempt.public_id IS NULL
    OR landed.communicated_at <> attempt.communicated_at
    OR landed.updated_at <> attempt.updated_at
    OR landed.is_active <> attempt.is_active
    OR landed.is_ptp_broken <> attempt.is_ptp_broken
