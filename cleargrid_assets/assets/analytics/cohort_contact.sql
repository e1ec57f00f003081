-- When each cohort is reached: by weekday and local hour of a channel and source, with rates and their Wilson 95%
-- intervals. Rows in scope only. Promises are compared at equal age: those made 30 days before the month was last read,
-- and of them those that were flagged broken and not touched later than 30 days after the promise.
-- rate, wilson_lo, wilson_hi and label_null are macros of the warehouse.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH counted AS (
    SELECT
        attempt.month,
        label_null(attempt.communication_type) AS communication_type,
        label_null(attempt.interaction_source) AS interaction_source,
        attempt.iso_weekday,
        attempt.local_hour,
        count(*) AS attempts,
        count(*) FILTER (WHERE attempt.is_connected) AS connected,
        count(*) FILTER (WHERE attempt.is_contact) AS contacts,
        count(*) FILTER (WHERE attempt.contact_class = 'third_party') AS third_party,
        count(*) FILTER (WHERE attempt.is_rpc) AS rpc,
        count(*) FILTER (WHERE attempt.is_promise) AS promises,
        count(*) FILTER (WHERE attempt.is_rpc AND attempt.result_class = 'refusal') AS refusals,
        count(*) FILTER (WHERE attempt.is_rpc AND attempt.result_class = 'settlement') AS settlements,
        count(*) FILTER (WHERE attempt.is_rpc AND attempt.result_class = 'callback') AS callbacks,
        count(*) FILTER (WHERE attempt.is_rpc AND attempt.result_class = 'dispute') AS disputes,
        count(*) FILTER (WHERE attempt.is_promise AND attempt.is_ptp_broken) AS broken,
        count(*) FILTER (
            WHERE attempt.is_promise AND attempt.communicated_at <= last_load.started_at - INTERVAL 30 DAY
        ) AS promises_aged_30d,
        count(*) FILTER (
            WHERE
            attempt.is_promise
            AND attempt.communicated_at <= last_load.started_at - INTERVAL 30 DAY
            AND attempt.is_ptp_broken
            AND attempt.updated_at <= attempt.communicated_at + INTERVAL 30 DAY
        ) AS broken_by_updated_at_30d,
        count(*) FILTER (WHERE NOT attempt.is_mapped) AS unmapped,
        max(attempt.outcome_map_version) AS outcome_map_version,
        max(attempt.load_number) AS load_number
    FROM core.contact_attempts AS attempt
    LEFT JOIN raw.version_loads AS last_load
        ON attempt.month = last_load.month AND attempt.load_number = last_load.version
    WHERE (getvariable('month') IS NULL OR attempt.month = getvariable('month')) AND attempt.in_scope
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
