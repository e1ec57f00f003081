-- Each pool, an interaction source on a channel and never a person, against its own three months before, against the
-- median of the channel's pools, and against what the channel's rates of each local hour give for the pool's own mix of
-- hours (indirect standardisation). A channel with one pool has nothing to compare it with, and one
-- with a single pool of n >= 30 has no median.
-- rate, wilson_lo, wilson_hi, difference_lo and difference_hi are macros of the warehouse.
-- In a DuckDB shell on the warehouse: paste.
WITH counted AS (
    SELECT
        month,
        communication_type,
        interaction_source,
        local_hour,
        rules_version,
        map_from_entries([
            ('attempts', sum(attempts)::BIGINT),
            ('contacts', sum(contacts)::BIGINT),
            ('rpc', sum(rpc)::BIGINT),
            ('promises', sum(promises)::BIGINT)
        ]) AS counts
    FROM analytics.cohort_contact
    GROUP BY month, communication_type, interaction_source, local_hour, rules_version
),

of_hour AS (
    SELECT
        counted.month,
        counted.communication_type,
        counted.interaction_source,
        definition.metric,
        counted.local_hour,
        counted.rules_version,
        counted.counts[definition.numerator] AS numerator,
        counted.counts[definition.denominator] AS denominator
    FROM counted
    CROSS JOIN analytics.metric_definitions AS definition
    WHERE definition.metric IN ('contact_rate', 'rpc_per_contact', 'ptp_per_rpc')
),

with_channel AS (
    SELECT
        *,
        sum(numerator) OVER of_channel / nullif(sum(denominator) OVER of_channel, 0) AS channel_rate
    FROM of_hour
    WINDOW of_channel AS (PARTITION BY month, communication_type, metric, local_hour)
),

pool AS (
    SELECT
        month,
        communication_type,
        interaction_source,
        metric,
        rules_version,
        sum(numerator)::BIGINT AS numerator,
        sum(denominator)::BIGINT AS denominator,
        sum(denominator * channel_rate) AS expected_of_hours
    FROM with_channel
    GROUP BY month, communication_type, interaction_source, metric, rules_version
),

channel AS (
    SELECT
        month,
        communication_type,
        metric,
        count(*) FILTER (WHERE denominator > 0) AS pools,
        count(*) FILTER (WHERE denominator >= 30) AS median_pools,
        quantile_cont(rate(numerator, denominator), 0.5) FILTER (WHERE denominator >= 30) AS median_value
    FROM pool
    GROUP BY month, communication_type, metric
),

compared AS (
    SELECT
        pool.*,
        channel.pools,
        channel.median_pools,
        CASE WHEN channel.median_pools > 1 THEN channel.median_value END AS median_value,
        CASE WHEN channel.pools > 1 THEN nullif(pool.expected_of_hours, 0) END AS expected,
        coalesce(sum(pool.numerator) OVER three_before, 0)::BIGINT AS own_numerator,
        coalesce(sum(pool.denominator) OVER three_before, 0)::BIGINT AS own_denominator
    FROM pool
    INNER JOIN channel
        ON
            pool.month = channel.month
            AND pool.communication_type = channel.communication_type
            AND pool.metric = channel.metric
    WINDOW
        three_before AS (
            PARTITION BY pool.communication_type, pool.interaction_source, pool.metric, pool.rules_version
            ORDER BY pool.month
            RANGE BETWEEN INTERVAL 3 MONTH PRECEDING AND INTERVAL 1 MONTH PRECEDING
        )
)

SELECT
    month,
    interaction_source,
    communication_type,
    metric,
    numerator,
    denominator,
    rate(numerator, denominator) AS value,
    wilson_lo(numerator, denominator) AS lo,
    wilson_hi(numerator, denominator) AS hi,
    own_numerator,
    own_denominator,
    rate(own_numerator, own_denominator) AS own_value,
    100 * (rate(numerator, denominator) - rate(own_numerator, own_denominator)) AS change_pp,
    100 * difference_lo(numerator, denominator, own_numerator, own_denominator, 1) AS change_lo,
    100 * difference_hi(numerator, denominator, own_numerator, own_denominator, 1) AS change_hi,
    pools,
    median_pools,
    median_value,
    expected,
    numerator / expected AS observed_per_expected,
    denominator * wilson_lo(numerator, denominator) / expected AS observed_per_expected_lo,
    denominator * wilson_hi(numerator, denominator) / expected AS observed_per_expected_hi,
    rules_version
FROM compared
