-- Finds months whose attempts in this table do not add up to the landed rows in scope. The check passes if there are
-- none.
-- Severity: ERROR, blocking
-- To do: run the job compute_month for the month.
-- Observed: {attempts} attempts of {rows_in_scope} landed rows in scope.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
-- Rows that violate the check have holds = false.
WITH landed AS (
    SELECT month, count(*) AS rows_in_scope
    FROM raw.d23_manual_communication_logs
    WHERE (getvariable('month') IS NULL OR month = getvariable('month')) AND is_in_scope(is_active)
    GROUP BY month
),

counted AS (
    SELECT month, sum(attempts) AS attempts
    FROM analytics.agent_productivity
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
    GROUP BY month
)

SELECT
    coalesce(landed.month, counted.month) AS month,
    landed.rows_in_scope,
    counted.attempts,
    landed.rows_in_scope = counted.attempts AS holds
FROM landed
FULL JOIN counted ON landed.month = counted.month
