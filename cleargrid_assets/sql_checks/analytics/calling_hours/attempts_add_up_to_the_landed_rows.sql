-- Finds months and profiles whose attempts do not add up to the landed rows, active or not. The check passes if there
-- are none.
-- Severity: ERROR, blocking
-- To do: run the job compute_month for the month.
-- Observed: {attempts} attempts of {rows_landed} landed rows.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
-- Rows that violate the check have holds = false.
WITH landed AS (
    SELECT month, count(*) AS rows_landed
    FROM raw.d23_manual_communication_logs
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
    GROUP BY month
),

counted AS (
    SELECT month, profile, sum(attempts) AS attempts
    FROM analytics.calling_hours
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
    GROUP BY month, profile
)

SELECT
    coalesce(landed.month, counted.month) AS month,
    counted.profile,
    landed.rows_landed,
    counted.attempts,
    landed.rows_landed = counted.attempts AS holds
FROM landed
FULL JOIN counted ON landed.month = counted.month
