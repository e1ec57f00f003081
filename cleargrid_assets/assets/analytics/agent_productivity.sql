-- One row per day and pool (an interaction source on a channel, not a person): funnel, pace, rates with Wilson 95%
-- intervals, and how late outcomes were typed in. Rows in scope only.
-- rate, wilson_lo, wilson_hi and label_null are macros of the warehouse.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH counted AS (
    SELECT
        month,
        local_date,
        label_null(interaction_source) AS interaction_source,
        label_null(communication_type) AS communication_type,
        count(*) AS attempts,
        count(*) FILTER (WHERE is_connected) AS connected,
        count(*) FILTER (WHERE is_contact) AS contacts,
        count(*) FILTER (WHERE contact_class = 'third_party') AS third_party,
        count(*) FILTER (WHERE is_rpc) AS rpc,
        count(*) FILTER (WHERE is_promise) AS promises,
        count(*) FILTER (WHERE is_rpc AND result_class = 'refusal') AS refusals,
        count(*) FILTER (WHERE is_rpc AND result_class = 'settlement') AS settlements,
        count(*) FILTER (WHERE is_rpc AND result_class = 'callback') AS callbacks,
        count(*) FILTER (WHERE is_rpc AND result_class = 'dispute') AS disputes,
        count(*) FILTER (WHERE NOT is_mapped) AS unmapped,
        count(DISTINCT date_trunc('hour', local_at)) AS active_hours,
        min(communicated_at) AS first_at,
        max(communicated_at) AS last_at,
        quantile_cont(log_lag_seconds, [0.5, 0.9, 0.99]) AS log_lag_quantiles,
        count(*) FILTER (WHERE log_lag_seconds > 3600) AS late_logged_1h,
        count(*) FILTER (WHERE log_lag_seconds > 86400) AS late_logged_24h,
        count(*) FILTER (WHERE updated_at > created_at) AS edited_rows,
        max(outcome_map_version) AS outcome_map_version,
        max(load_number) AS load_number
    FROM core.contact_attempts
    WHERE (getvariable('month') IS NULL OR month = getvariable('month')) AND in_scope
    GROUP BY ALL
)

SELECT
    * EXCLUDE (log_lag_quantiles),
    log_lag_quantiles[1] AS log_lag_p50_s,
    log_lag_quantiles[2] AS log_lag_p90_s,
    log_lag_quantiles[3] AS log_lag_p99_s,
    attempts / active_hours AS attempts_per_active_hour,
    connected / active_hours AS connected_per_active_hour,
    contacts / active_hours AS contacts_per_active_hour,
    third_party / active_hours AS third_party_per_active_hour,
    rpc / active_hours AS rpc_per_active_hour,
    promises / active_hours AS promises_per_active_hour,
    refusals / active_hours AS refusals_per_active_hour,
    settlements / active_hours AS settlements_per_active_hour,
    callbacks / active_hours AS callbacks_per_active_hour,
    disputes / active_hours AS disputes_per_active_hour,
    unmapped / active_hours AS unmapped_per_active_hour,
    rate(contacts, attempts) AS contact_rate,
    wilson_lo(contacts, attempts) AS contact_rate_lo,
    wilson_hi(contacts, attempts) AS contact_rate_hi,
    rate(rpc, contacts) AS rpc_per_contact,
    wilson_lo(rpc, contacts) AS rpc_per_contact_lo,
    wilson_hi(rpc, contacts) AS rpc_per_contact_hi,
    rate(promises, rpc) AS ptp_per_rpc,
    wilson_lo(promises, rpc) AS ptp_per_rpc_lo,
    wilson_hi(promises, rpc) AS ptp_per_rpc_hi
FROM counted
