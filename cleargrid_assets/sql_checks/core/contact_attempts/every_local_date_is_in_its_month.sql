-- Finds attempts whose local date is outside the month that counts them. The check passes if there are none.
-- Severity: ERROR, blocking
-- To do: check whether CLEARGRID_TIMEZONE was changed, or DuckDB or tzdata updated, after the month was landed; then
-- load the month again.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT
    month,
    public_id,
    communicated_at,
    local_at
FROM core.contact_attempts
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND (local_date < month OR local_date >= month + INTERVAL 1 MONTH)
