-- The supported metrics of analytics.metric_definitions for a month: in total, by channel, and by channel and source;
-- with numerator, denominator, Wilson 95% interval, and the change since the month before with its own interval.
-- Counts are over the rows in scope. A metric's numerator and denominator are the counts that its definition names.
-- rate, wilson_lo, wilson_hi, label_null and kpi_change_pp, _lo, _hi are macros of the warehouse.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
-- A promise is mature after 30 days, unless SET VARIABLE ptp_maturity_days = 45.
WITH attempt AS (
    -- Rows out of scope keep their slice and lose everything that is counted.
    SELECT
        row.month,
        label_null(row.communication_type) AS communication_type,
        label_null(row.interaction_source) AS interaction_source,
        row.in_scope,
        row.in_scope AND upper(row.communication_type) = 'CALL' AS is_call,
        row.is_connected,
        row.in_scope AND row.is_contact AS is_contact,
        row.in_scope AND row.contact_class = 'third_party' AS is_third_party,
        row.in_scope AND row.is_rpc AS is_rpc,
        row.in_scope AND row.is_promise AS is_promise,
        CASE WHEN row.in_scope AND row.is_rpc THEN row.result_class END AS rpc_result,
        CASE WHEN row.in_scope THEN row.is_mapped END AS is_mapped,
        CASE WHEN row.in_scope THEN row.log_lag_seconds END AS log_lag_seconds,
        row.in_scope AND row.updated_at > row.created_at AS is_edited,
        row.in_scope AND row.is_promise AND row.is_ptp_broken AS is_broken,
        row.in_scope AND row.is_promise
        AND row.communicated_at
        <= last_load.loaded_at - to_days(coalesce(getvariable('ptp_maturity_days'), 30)::INTEGER) AS is_mature,
        row.outcome_map_version,
        row.load_number,
        last_load.loaded_at >= last_load.until AS is_final
    FROM core.contact_attempts AS row
    LEFT JOIN raw.version_loads AS last_load ON row.month = last_load.month AND row.load_number = last_load.version
    WHERE getvariable('month') IS NULL OR row.month = getvariable('month')
),

counted AS (
    SELECT
        month,
        CASE
            WHEN grouping(communication_type) = 1 THEN 'all'
            WHEN grouping(interaction_source) = 1 THEN 'channel'
            ELSE 'channel x source'
        END AS slice,
        coalesce(communication_type, '(all)') AS communication_type,
        coalesce(interaction_source, '(all)') AS interaction_source,
        count(*) FILTER (WHERE NOT is_mapped) AS unmapped,
        max(outcome_map_version) AS outcome_map_version,
        max(load_number) AS load_number,
        bool_and(is_final) AS is_final,
        map_from_entries([
            ('attempts', count(*) FILTER (WHERE in_scope)),
            ('calls', count(*) FILTER (WHERE is_call)),
            ('calls_connected', count(*) FILTER (WHERE is_call AND is_connected)),
            ('contacts', count(*) FILTER (WHERE is_contact)),
            ('third_party', count(*) FILTER (WHERE is_third_party)),
            ('rpc', count(*) FILTER (WHERE is_rpc)),
            ('promises', count(*) FILTER (WHERE is_promise)),
            ('refusals', count(*) FILTER (WHERE rpc_result = 'refusal')),
            ('settlements', count(*) FILTER (WHERE rpc_result = 'settlement')),
            ('disputes', count(*) FILTER (WHERE rpc_result = 'dispute')),
            ('callbacks', count(*) FILTER (WHERE rpc_result = 'callback')),
            ('hardships', count(*) FILTER (WHERE rpc_result = 'hardship')),
            ('broken', count(*) FILTER (WHERE is_broken)),
            ('promises_mature', count(*) FILTER (WHERE is_mature)),
            ('broken_mature', count(*) FILTER (WHERE is_mature AND is_broken)),
            ('late_logged_1h', count(*) FILTER (WHERE log_lag_seconds > 3600)),
            ('late_logged_24h', count(*) FILTER (WHERE log_lag_seconds > 86400)),
            ('edited_rows', count(*) FILTER (WHERE is_edited)),
            ('unmapped', count(*) FILTER (WHERE NOT is_mapped))
        ]) AS counts,
        map(
            ['log_lag_p50_s', 'log_lag_p90_s', 'log_lag_p99_s'], quantile_cont(log_lag_seconds, [0.5, 0.9, 0.99])
        ) AS quantiles
    FROM attempt
    GROUP BY GROUPING SETS ((month), (month, communication_type), (month, communication_type, interaction_source))
),

timed AS (
    SELECT
        month,
        coalesce(communication_type, '(all)') AS communication_type,
        coalesce(interaction_source, '(all)') AS interaction_source,
        map_from_entries([
            ('outside_hours', sum(outside_early + outside_late)::BIGINT),
            ('timed_attempts', sum(time_known)::BIGINT)
        ]) AS counts
    FROM analytics.calling_hours
    WHERE (getvariable('month') IS NULL OR month = getvariable('month')) AND profile = 'reg_f'
    GROUP BY GROUPING SETS ((month), (month, communication_type), (month, communication_type, interaction_source))
),

-- Each metric in each slice: the counts that its definition names.
chosen AS (
    SELECT
        counted.month,
        counted.slice,
        counted.communication_type,
        counted.interaction_source,
        definition.metric,
        coalesce(counted.counts[definition.numerator], timed.counts[definition.numerator]) AS numerator,
        coalesce(counted.counts[definition.denominator], timed.counts[definition.denominator], 0) AS denominator,
        counted.quantiles[definition.metric] AS quantile,
        -- Only a share has an interval.
        definition.unit = 'share' AS is_share,
        CASE WHEN counted.is_final THEN 'final' ELSE 'provisional' END AS status,
        definition.name || ': ' || definition.formula AS definition,
        counted.unmapped,
        counted.outcome_map_version,
        counted.load_number
    FROM counted
    CROSS JOIN analytics.metric_definitions AS definition
    LEFT JOIN timed
        ON
            counted.month = timed.month
            AND counted.communication_type = timed.communication_type
            AND counted.interaction_source = timed.interaction_source
    WHERE definition.supported
),

measured AS (
    SELECT
        * EXCLUDE (quantile, is_share),
        coalesce(quantile, rate(numerator, denominator)) AS value,
        CASE WHEN is_share THEN wilson_lo(numerator, denominator) END AS lo,
        CASE WHEN is_share THEN wilson_hi(numerator, denominator) END AS hi
    FROM chosen
)

SELECT
    measured.*,
    before.value AS prev_value,
    kpi_change_pp(definition.compared, measured.value, before.value) AS change_pp,
    kpi_change_lo(
        definition.compared, measured.numerator, measured.denominator, before.numerator, before.denominator
    ) AS change_lo,
    kpi_change_hi(
        definition.compared, measured.numerator, measured.denominator, before.numerator, before.denominator
    ) AS change_hi
FROM measured
INNER JOIN analytics.metric_definitions AS definition ON measured.metric = definition.metric
LEFT JOIN analytics.kpi_monthly AS before
    ON
        before.month = measured.month - INTERVAL 1 MONTH
        AND measured.slice = before.slice
        AND measured.communication_type = before.communication_type
        AND measured.interaction_source = before.interaction_source
        AND measured.metric = before.metric
        -- Figures under different rules do not compare.
        AND before.rules_version = coalesce(getvariable('rules_version'), before.rules_version)
