-- The change of each compared share since the month before, split over groups into what the groups' own rates did and
-- what their shares of the denominator did. Kitagawa, E. M. (1955), Components of a difference between two rates, the
-- symmetric form: the effects of all groups add up to the change. A group that one month lacks takes the other month's
-- rate there, so its effect is pure mix. Only months under the same rules are compared.
-- rate, difference_lo and difference_hi are macros of the warehouse.
-- In a DuckDB shell on the warehouse: paste.
WITH definition AS (
    SELECT metric, numerator, denominator
    FROM analytics.metric_definitions
    WHERE supported AND compared AND unit = 'share'
),

of_pools AS (
    SELECT
        kpi.month,
        'channel x source' AS grouped_by,
        kpi.metric,
        kpi.communication_type || ' x ' || kpi.interaction_source AS group_name,
        kpi.communication_type,
        kpi.interaction_source,
        NULL::INTEGER AS iso_weekday,
        NULL::INTEGER AS from_hour,
        kpi.numerator,
        kpi.denominator,
        kpi.rules_version
    FROM analytics.kpi_monthly AS kpi
    INNER JOIN definition ON kpi.metric = definition.metric
    WHERE kpi.slice = 'channel x source'
),

hours AS (
    SELECT
        month,
        iso_weekday,
        local_hour // 3 * 3 AS from_hour,
        rules_version,
        map_from_entries([
            ('attempts', sum(attempts)::BIGINT),
            ('calls', coalesce(sum(attempts) FILTER (WHERE upper(communication_type) = 'CALL'), 0)::BIGINT),
            ('calls_connected', coalesce(sum(connected) FILTER (WHERE upper(communication_type) = 'CALL'), 0)::BIGINT),
            ('contacts', sum(contacts)::BIGINT),
            ('third_party', sum(third_party)::BIGINT),
            ('rpc', sum(rpc)::BIGINT),
            ('promises', sum(promises)::BIGINT),
            ('refusals', sum(refusals)::BIGINT),
            ('settlements', sum(settlements)::BIGINT),
            ('callbacks', sum(callbacks)::BIGINT),
            ('disputes', sum(disputes)::BIGINT),
            ('unmapped', sum(unmapped)::BIGINT)
        ]) AS counts
    FROM analytics.cohort_contact
    GROUP BY month, iso_weekday, local_hour // 3, rules_version
),

of_hours AS (
    SELECT
        hours.month,
        'weekday x 3 h' AS grouped_by,
        definition.metric,
        printf('%d %02d-%02d', hours.iso_weekday, hours.from_hour, hours.from_hour + 3) AS group_name,
        NULL::VARCHAR AS communication_type,
        NULL::VARCHAR AS interaction_source,
        hours.iso_weekday,
        hours.from_hour,
        hours.counts[definition.numerator] AS numerator,
        hours.counts[definition.denominator] AS denominator,
        hours.rules_version
    FROM hours
    CROSS JOIN definition
    WHERE hours.counts[definition.numerator] IS NOT NULL AND hours.counts[definition.denominator] IS NOT NULL
),

grouped AS (
    SELECT * FROM of_pools
    UNION ALL
    SELECT * FROM of_hours
),

earlier AS (
    SELECT * REPLACE ((month + INTERVAL 1 MONTH)::DATE AS month) FROM grouped
),

paired AS (
    SELECT
        coalesce(it.month, before.month) AS month,
        coalesce(it.grouped_by, before.grouped_by) AS grouped_by,
        coalesce(it.metric, before.metric) AS metric,
        coalesce(it.group_name, before.group_name) AS group_name,
        coalesce(it.communication_type, before.communication_type) AS communication_type,
        coalesce(it.interaction_source, before.interaction_source) AS interaction_source,
        coalesce(it.iso_weekday, before.iso_weekday) AS iso_weekday,
        coalesce(it.from_hour, before.from_hour) AS from_hour,
        coalesce(it.numerator, 0) AS numerator,
        coalesce(it.denominator, 0) AS denominator,
        coalesce(before.numerator, 0) AS prev_numerator,
        coalesce(before.denominator, 0) AS prev_denominator,
        coalesce(it.rules_version, before.rules_version) AS rules_version
    FROM grouped AS it
    FULL JOIN earlier AS before
        ON
            it.month = before.month
            AND it.grouped_by = before.grouped_by
            AND it.metric = before.metric
            AND it.group_name = before.group_name
            AND it.rules_version = before.rules_version
),

-- Sums over the groups; null where a month has no denominator, and there is no change.
summed AS (
    SELECT
        *,
        nullif(sum(denominator) OVER of_metric, 0) AS total,
        nullif(sum(prev_denominator) OVER of_metric, 0) AS prev_total,
        sum(numerator) OVER of_metric AS total_numerator,
        sum(prev_numerator) OVER of_metric AS prev_total_numerator
    FROM paired
    WINDOW of_metric AS (PARTITION BY month, grouped_by, metric, rules_version)
),

measured AS (
    SELECT
        *,
        denominator / total AS share,
        prev_denominator / prev_total AS prev_share,
        rate(numerator, denominator) AS value,
        rate(prev_numerator, prev_denominator) AS prev_value,
        coalesce(rate(numerator, denominator), rate(prev_numerator, prev_denominator)) AS known_value,
        coalesce(rate(prev_numerator, prev_denominator), rate(numerator, denominator)) AS known_prev_value,
        total_numerator / total AS total_value,
        prev_total_numerator / prev_total AS prev_total_value
    FROM summed
    WHERE total IS NOT NULL AND prev_total IS NOT NULL AND denominator + prev_denominator > 0
)

SELECT
    month,
    grouped_by,
    metric,
    group_name,
    communication_type,
    interaction_source,
    iso_weekday,
    from_hour,
    numerator,
    denominator,
    prev_numerator,
    prev_denominator,
    share,
    prev_share,
    value,
    prev_value,
    (known_value - known_prev_value) * (share + prev_share) / 2 AS rate_effect,
    difference_lo(numerator, denominator, prev_numerator, prev_denominator, 1) * (share + prev_share) / 2
        AS rate_effect_lo,
    difference_hi(numerator, denominator, prev_numerator, prev_denominator, 1) * (share + prev_share) / 2
        AS rate_effect_hi,
    (share - prev_share) * ((known_value + known_prev_value) / 2 - (total_value + prev_total_value) / 2) AS mix_effect,
    total_value - prev_total_value AS total_change,
    rules_version
FROM measured
