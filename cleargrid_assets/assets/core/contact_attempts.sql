-- One row per landed row, none dropped, with the classes of its outcome, its steps of the funnel and its local time.
-- is_in_scope, is_connected and is_contact are macros of the warehouse.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; SET VARIABLE timezone = 'Asia/Dubai';
-- then paste. Without them: all months, in UTC. The rows in scope are the active ones, unless SET VARIABLE row_scope =
-- 'all'.
WITH landed AS (
    SELECT
        *,
        communicated_at AT TIME ZONE 'UTC' AT TIME ZONE coalesce(getvariable('timezone'), 'UTC') AS local_at
    FROM raw.d23_manual_communication_logs
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
),

classified AS (
    SELECT
        landed.*,
        coalesce(spelling.outcome, 'unmapped') AS outcome,
        coalesce(spelling.contact_class, 'unknown') AS contact_class,
        coalesce(spelling.result_class, 'unknown') AS result_class,
        coalesce(spelling.is_mapped, FALSE) AS is_mapped,
        coalesce(spelling.outcome_map_version, 'none') AS outcome_map_version
    FROM landed
    LEFT JOIN core.outcome_spellings AS spelling
        ON
            landed.month = spelling.month
            AND landed.outcome_option IS NOT DISTINCT FROM spelling.outcome_option
)

SELECT
    attempt.public_id,
    attempt.communication_type,
    attempt.interaction_source,
    attempt.outcome_option,
    attempt.is_active,
    attempt.is_ptp_broken,
    attempt.communicated_at,
    attempt.created_at,
    attempt.updated_at,
    attempt.month,
    attempt.outcome,
    attempt.contact_class,
    attempt.result_class,
    attempt.is_mapped,
    is_in_scope(attempt.is_active) AS in_scope,
    is_connected(attempt.contact_class) AS is_connected,
    is_contact(attempt.contact_class) AS is_contact,
    attempt.contact_class = 'right_party' AS is_rpc,
    attempt.contact_class = 'right_party' AND attempt.result_class = 'promise' AS is_promise,
    attempt.local_at,
    attempt.local_at::DATE AS local_date,
    hour(attempt.local_at)::INTEGER AS local_hour,
    isodow(attempt.local_at)::INTEGER AS iso_weekday,
    (epoch_us(attempt.created_at) - epoch_us(attempt.communicated_at)) / 1e6 AS log_lag_seconds,
    attempt.outcome_map_version,
    version.load_number
FROM classified AS attempt
LEFT JOIN raw.month_versions AS version ON attempt.month = version.month
