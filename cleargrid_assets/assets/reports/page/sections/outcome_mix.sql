-- The outcomes of the attempts by week (Monday to Sunday) for the last 26 weeks. Weeks are summed from days, because
-- they straddle months.
-- In a DuckDB shell on the warehouse: paste. is_contact is a macro of the warehouse.
WITH named AS (
    SELECT
        date_trunc('week', local_date)::DATE AS week,
        local_date,
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
    named.outcome_group,
    sum(named.attempts)::BIGINT AS attempts,
    any_value(whole.attempts) AS attempts_of_week,
    any_value(whole.days) AS days
FROM whole
INNER JOIN named ON whole.week = named.week
GROUP BY whole.week, named.outcome_group
ORDER BY whole.week, named.outcome_group
