-- The supported shares of analytics.metric_definitions for each local day: in total, by channel, and by channel and
-- source, with numerator, denominator and Wilson 95% interval. Counts are over the rows in scope. Sums of days are
-- the counts of analytics.kpi_monthly; broken_per_mature_promise is left out, because it depends on a load's time.
-- rate, wilson_lo, wilson_hi and label_null are macros of the warehouse.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH permitted AS (
    SELECT
        profile.timezone,
        profile.weekday,
        profile.start AS permitted_from,
        profile.end AS permitted_until
    FROM core.calling_hours_profiles AS profile
    WHERE profile.name = 'reg_f'
),

attempt AS (
    SELECT
        row.*,
        upper(row.communication_type) = 'CALL' AS is_call,
        CASE WHEN row.is_rpc THEN row.result_class END AS rpc_result,
        -- On the profile's clock, or on the configured one if it names none.
        coalesce(row.communicated_at AT TIME ZONE 'UTC' AT TIME ZONE profile.timezone, row.local_at) AS permitted_at
    FROM core.contact_attempts AS row
    CROSS JOIN (SELECT any_value(timezone) AS timezone FROM permitted) AS profile
    WHERE getvariable('month') IS NULL OR row.month = getvariable('month')
),

-- Exactly 00:00:00 is a date without a time. All rows count here, in scope or not.
timed AS (
    SELECT
        attempt.*,
        attempt.permitted_at::TIME <> TIME '00:00:00' AS is_timed,
        attempt.permitted_at::TIME >= permitted.permitted_from
        AND attempt.permitted_at::TIME < permitted.permitted_until AS is_permitted
    FROM attempt
    LEFT JOIN permitted ON isodow(attempt.permitted_at) = permitted.weekday
),

counted AS (
    SELECT
        month,
        local_date,
        label_null(communication_type) AS communication_type,
        label_null(interaction_source) AS interaction_source,
        count(*) FILTER (WHERE in_scope AND NOT is_mapped) AS unmapped,
        max(outcome_map_version) AS outcome_map_version,
        max(load_number) AS load_number,
        map_from_entries([
            ('attempts', count(*) FILTER (WHERE in_scope)),
            ('calls', count(*) FILTER (WHERE in_scope AND is_call)),
            ('calls_connected', count(*) FILTER (WHERE in_scope AND is_call AND is_connected)),
            ('contacts', count(*) FILTER (WHERE in_scope AND is_contact)),
            ('third_party', count(*) FILTER (WHERE in_scope AND contact_class = 'third_party')),
            ('rpc', count(*) FILTER (WHERE in_scope AND is_rpc)),
            ('promises', count(*) FILTER (WHERE in_scope AND is_promise)),
            ('refusals', count(*) FILTER (WHERE in_scope AND rpc_result = 'refusal')),
            ('settlements', count(*) FILTER (WHERE in_scope AND rpc_result = 'settlement')),
            ('disputes', count(*) FILTER (WHERE in_scope AND rpc_result = 'dispute')),
            ('callbacks', count(*) FILTER (WHERE in_scope AND rpc_result = 'callback')),
            ('hardships', count(*) FILTER (WHERE in_scope AND rpc_result = 'hardship')),
            ('broken', count(*) FILTER (WHERE in_scope AND is_promise AND is_ptp_broken)),
            ('late_logged_1h', count(*) FILTER (WHERE in_scope AND log_lag_seconds > 3600)),
            ('late_logged_24h', count(*) FILTER (WHERE in_scope AND log_lag_seconds > 86400)),
            ('edited_rows', count(*) FILTER (WHERE in_scope AND updated_at > created_at)),
            ('outside_hours', count(*) FILTER (WHERE is_timed AND is_permitted IS NOT TRUE)),
            ('timed_attempts', count(*) FILTER (WHERE is_timed)),
            ('unmapped', count(*) FILTER (WHERE in_scope AND NOT is_mapped))
        ]) AS counts
    FROM timed
    GROUP BY month, local_date, label_null(communication_type), label_null(interaction_source)
),

-- Each share of each pool: the counts that its definition names.
chosen AS (
    SELECT
        counted.month,
        counted.local_date,
        counted.communication_type,
        counted.interaction_source,
        definition.metric,
        counted.counts[definition.numerator] AS numerator,
        counted.counts[definition.denominator] AS denominator,
        counted.unmapped,
        counted.outcome_map_version,
        counted.load_number
    FROM counted
    CROSS JOIN analytics.metric_definitions AS definition
    WHERE definition.supported AND definition.unit = 'share' AND definition.metric <> 'broken_per_mature_promise'
),

summed AS (
    SELECT
        month,
        local_date,
        CASE
            WHEN grouping(communication_type) = 1 THEN 'all'
            WHEN grouping(interaction_source) = 1 THEN 'channel'
            ELSE 'channel x source'
        END AS slice,
        coalesce(communication_type, '(all)') AS communication_type,
        coalesce(interaction_source, '(all)') AS interaction_source,
        metric,
        sum(numerator)::BIGINT AS numerator,
        sum(denominator)::BIGINT AS denominator,
        sum(unmapped)::BIGINT AS unmapped,
        max(outcome_map_version) AS outcome_map_version,
        max(load_number) AS load_number
    FROM chosen
    GROUP BY
        GROUPING SETS (
            (month, local_date, metric),
            (month, local_date, metric, communication_type),
            (month, local_date, metric, communication_type, interaction_source)
        )
)

SELECT
    *,
    rate(numerator, denominator) AS value,
    wilson_lo(numerator, denominator) AS lo,
    wilson_hi(numerator, denominator) AS hi
FROM summed
