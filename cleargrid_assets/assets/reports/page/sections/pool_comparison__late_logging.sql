-- Late logging beside broken promises for each pool, over the three months up to the report's: rows logged later than
-- 24 hours, and promises flagged broken within 30 days. Then the promises of all pools that log late more often than
-- the pools together, against those of all others: Newcombe's interval of the difference and its p-value.
-- In a DuckDB shell on the warehouse: SET VARIABLE report_month = DATE '2026-05-01'; then paste. rate, wilson_lo, _hi
-- and difference_lo, _hi, _p are macros of the warehouse.
WITH logged AS (
    SELECT
        communication_type,
        interaction_source,
        sum(late_logged_24h)::BIGINT AS late,
        sum(attempts)::BIGINT AS attempts
    FROM analytics.agent_productivity
    WHERE
        month <= getvariable('report_month')::DATE
        AND month > getvariable('report_month')::DATE - INTERVAL 3 MONTH
    GROUP BY communication_type, interaction_source
),

promised AS (
    SELECT
        communication_type,
        interaction_source,
        sum(broken_by_updated_at)::BIGINT AS broken,
        sum(promises)::BIGINT AS promises
    FROM analytics.promise_age_curve
    WHERE
        age_days = 30
        AND month <= getvariable('report_month')::DATE
        AND month > getvariable('report_month')::DATE - INTERVAL 3 MONTH
    GROUP BY communication_type, interaction_source
),

pool AS (
    SELECT
        logged.*,
        coalesce(promised.broken, 0) AS broken,
        coalesce(promised.promises, 0) AS promises,
        coalesce(logged.late / logged.attempts > sum(logged.late) OVER () / sum(logged.attempts) OVER (), false)
            AS is_late
    FROM logged
    LEFT JOIN promised
        ON
            logged.communication_type = promised.communication_type
            AND logged.interaction_source = promised.interaction_source
),

compared AS (
    SELECT
        *,
        coalesce(sum(broken) FILTER (WHERE is_late) OVER (), 0)::BIGINT AS late_broken,
        coalesce(sum(promises) FILTER (WHERE is_late) OVER (), 0)::BIGINT AS late_promises,
        coalesce(sum(broken) FILTER (WHERE NOT is_late) OVER (), 0)::BIGINT AS other_broken,
        coalesce(sum(promises) FILTER (WHERE NOT is_late) OVER (), 0)::BIGINT AS other_promises
    FROM pool
)

SELECT
    communication_type,
    communication_type || ' × ' || interaction_source AS pool,
    is_late,
    late,
    attempts,
    wilson_lo(late, attempts) AS late_lo,
    wilson_hi(late, attempts) AS late_hi,
    broken,
    promises,
    wilson_lo(broken, promises) AS broken_lo,
    wilson_hi(broken, promises) AS broken_hi,
    late_broken,
    late_promises,
    other_broken,
    other_promises,
    100 * (rate(late_broken, late_promises) - rate(other_broken, other_promises)) AS change_pp,
    100 * difference_lo(late_broken, late_promises, other_broken, other_promises, 1) AS change_lo,
    100 * difference_hi(late_broken, late_promises, other_broken, other_promises, 1) AS change_hi,
    difference_p(late_broken, late_promises, other_broken, other_promises, 1) AS p_value
FROM compared
ORDER BY rate(late, attempts) DESC, pool ASC
