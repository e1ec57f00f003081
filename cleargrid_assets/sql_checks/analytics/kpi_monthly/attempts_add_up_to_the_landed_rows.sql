-- Finds months whose attempts, overall, by channel, or by channel and source, do not add up to the landed rows in
-- scope. The check passes if there are none.
-- Severity: ERROR, blocking
-- To do: run the job compute_month for the month.
-- Observed: {attempts} attempts of {rows_in_scope} landed rows in scope.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
-- Rows that violate the check have holds = false.
WITH landed AS (
    SELECT
        month,
        count(*) FILTER (WHERE is_in_scope(is_active)) AS rows_in_scope
    FROM raw.d23_manual_communication_logs
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
    GROUP BY month
),

counted AS (
    SELECT month, slice, sum(denominator) AS attempts
    FROM analytics.kpi_monthly
    WHERE (getvariable('month') IS NULL OR month = getvariable('month')) AND metric = 'contact_rate'
    GROUP BY month, slice
)

SELECT
    coalesce(landed.month, counted.month) AS month,
    counted.slice,
    landed.rows_in_scope,
    counted.attempts,
    landed.rows_in_scope = counted.attempts AS holds
FROM landed
FULL JOIN counted ON landed.month = counted.month
