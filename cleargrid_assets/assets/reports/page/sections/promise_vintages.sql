-- Observations of the promises of the last 12 months, in total and by channel: age in days since the month's end,
-- promises, broken. Of the loads in each 15 days of age the last one, under the outcome map and row scope that the
-- month's attempts were computed with.
-- In a DuckDB shell on the warehouse: paste. wilson_lo and wilson_hi are macros of the warehouse.
WITH in_force AS (
    SELECT month, any_value(rules_version) AS rules_version, any_value(outcome_map_version) AS outcome_map_version
    FROM core.outcome_spellings
    GROUP BY month
),

observed AS (
    SELECT vintage.*, vintage.communication_type AS channel
    FROM analytics.ptp_vintage AS vintage
    INNER JOIN in_force ON vintage.month = in_force.month AND vintage.outcome_map_version = in_force.outcome_map_version
    WHERE
        -- The rules of observations by release 0.1.0 are not known.
        vintage.rules_version IS NULL
        OR split_part(vintage.rules_version, ' ', 1) = split_part(in_force.rules_version, ' ', 1)
    QUALIFY
        dense_rank() OVER (
            PARTITION BY vintage.month, vintage.load_number
            ORDER BY vintage.rules_version = in_force.rules_version DESC NULLS LAST, vintage.rules_version ASC
        ) = 1
)

SELECT
    month,
    coalesce(channel, '(all)') AS channel,
    observed_at,
    any_value(age_days) AS age_days,
    sum(promises)::BIGINT AS promises,
    sum(broken)::BIGINT AS broken,
    rate(sum(broken), sum(promises)) AS broken_share,
    wilson_lo(sum(broken), sum(promises)) AS lo,
    wilson_hi(sum(broken), sum(promises)) AS hi
FROM observed
WHERE month > (SELECT max(latest.month) FROM analytics.ptp_vintage AS latest) - INTERVAL 12 MONTH
GROUP BY GROUPING SETS ((month, observed_at), (month, observed_at, channel))
HAVING sum(promises) > 0
QUALIFY observed_at = max(observed_at) OVER (PARTITION BY month, floor(any_value(age_days) / 15))
ORDER BY grouping(channel) DESC, channel ASC, month ASC, observed_at ASC
