-- The outcomes of the attempts by week (Monday to Sunday) for the last 26 weeks, in total and by channel. Weeks are
-- summed from days, because they straddle months.
-- In a DuckDB shell on the warehouse: paste. is_contact is a macro of the warehouse.
WITH named AS (
    SELECT
        date_trunc('week', local_date)::DATE AS week,
        local_date,
        communication_type AS channel,
        attempts,
        CASE
            WHEN NOT is_mapped THEN 'unmapped'
            WHEN result_class = 'promise' THEN 'promise'
            WHEN result_class IN ('settlement', 'payment', 'payment_claim') THEN 'settled or paid'
            WHEN result_class = 'refusal' THEN 'refusal'
            WHEN contact_class = 'right_party' THEN 'other right party'
            WHEN is_contact(contact_class) THEN 'somebody else'
            WHEN contact_class = 'machine' THEN 'machine'
            WHEN contact_class = 'no_connect' THEN 'no connect'
            ELSE 'unmapped'
        END AS outcome_group
    FROM analytics.outcome_mix
),

whole AS (
    SELECT week, sum(attempts)::BIGINT AS attempts, count(DISTINCT local_date) AS days
    FROM named
    GROUP BY week
    HAVING sum(attempts) > 0
    ORDER BY week DESC
    LIMIT 26
)

SELECT
    whole.week,
    coalesce(named.channel, '(all)') AS communication_type,
    named.outcome_group,
    sum(named.attempts)::BIGINT AS attempts,
    sum(sum(named.attempts)) OVER (PARTITION BY whole.week, named.channel)::BIGINT AS attempts_of_week,
    whole.days
FROM whole
INNER JOIN named ON whole.week = named.week
GROUP BY
    GROUPING SETS (
        (whole.week, whole.days, named.outcome_group),
        (whole.week, whole.days, named.outcome_group, named.channel)
    )
HAVING sum(named.attempts) > 0
ORDER BY named.channel NULLS FIRST, whole.week, named.outcome_group
