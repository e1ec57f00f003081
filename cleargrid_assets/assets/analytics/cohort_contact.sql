-- When each cohort is reached: by weekday and local hour of a channel and source, with rates and their Wilson 95 %
-- intervals. Rows in scope only. rate, wilson_lo, wilson_hi and label_null are macros of the warehouse.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH counted AS (
    SELECT
        month,
        label_null(communication_type) AS communication_type,
        label_null(interaction_source) AS interaction_source,
        iso_weekday,
        local_hour,
        count(*) AS attempts,
        count(*) FILTER (WHERE is_connected) AS connected,
        count(*) FILTER (WHERE is_contact) AS contacts,
        count(*) FILTER (WHERE contact_class = 'third_party') AS third_party,
        count(*) FILTER (WHERE is_rpc) AS rpc,
        count(*) FILTER (WHERE is_promise) AS promises,
        count(*) FILTER (WHERE is_promise AND is_ptp_broken) AS broken,
        count(*) FILTER (WHERE NOT is_mapped) AS unmapped,
        max(outcome_map_version) AS outcome_map_version,
        max(load_number) AS load_number
    FROM core.contact_attempts
    WHERE (getvariable('month') IS NULL OR month = getvariable('month')) AND in_scope
    GROUP BY ALL
)

SELECT
    *,
    rate(connected, attempts) AS connect_rate,
    wilson_lo(connected, attempts) AS connect_rate_lo,
    wilson_hi(connected, attempts) AS connect_rate_hi,
    rate(contacts, attempts) AS contact_rate,
    wilson_lo(contacts, attempts) AS contact_rate_lo,
    wilson_hi(contacts, attempts) AS contact_rate_hi,
    rate(rpc, attempts) AS rpc_per_attempt,
    wilson_lo(rpc, attempts) AS rpc_per_attempt_lo,
    wilson_hi(rpc, attempts) AS rpc_per_attempt_hi,
    rate(rpc, contacts) AS rpc_per_contact,
    wilson_lo(rpc, contacts) AS rpc_per_contact_lo,
    wilson_hi(rpc, contacts) AS rpc_per_contact_hi,
    rate(promises, attempts) AS ptp_per_attempt,
    wilson_lo(promises, attempts) AS ptp_per_attempt_lo,
    wilson_hi(promises, attempts) AS ptp_per_attempt_hi,
    rate(promises, rpc) AS ptp_per_rpc,
    wilson_lo(promises, rpc) AS ptp_per_rpc_lo,
    wilson_hi(promises, rpc) AS ptp_per_rpc_hi,
    attempts < 30 AS small_sample
FROM counted
