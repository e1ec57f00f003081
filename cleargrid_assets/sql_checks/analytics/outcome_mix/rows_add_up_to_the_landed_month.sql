-- Finds months whose outcome mix counts more or fewer rows than were landed, in total or in scope. The check passes if
-- there are none.
-- Severity: ERROR, blocking
-- To do: run the job compute_month for the month.
-- Observed: {rows_counted} of {rows_landed} landed rows, and {attempts} attempts of {rows_in_scope} rows in scope.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
-- Rows that violate the check have holds = false.
WITH landed AS (
    SELECT
        month,
        count(*) AS rows_landed,
        count(*) FILTER (WHERE is_in_scope(is_active)) AS rows_in_scope
    FROM raw.d23_manual_communication_logs
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
    GROUP BY month
),

counted AS (
    SELECT
        month,
        sum(rows_total) AS rows_counted,
        sum(rows_active + rows_inactive) AS rows_active_or_not,
        sum(attempts) AS attempts
    FROM analytics.outcome_mix
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
    GROUP BY month
)

SELECT
    coalesce(landed.month, counted.month) AS month,
    landed.rows_landed,
    counted.rows_counted,
    landed.rows_in_scope,
    counted.attempts,
    landed.rows_landed = counted.rows_counted
    AND landed.rows_landed = counted.rows_active_or_not
    AND landed.rows_in_scope = counted.attempts AS holds
FROM landed
FULL JOIN counted ON landed.month = counted.month
