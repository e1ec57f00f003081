-- One row per landed row, none dropped, with the classes of its outcome and its local time.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; SET VARIABLE timezone = 'Asia/Dubai';
-- then paste. Without them: all months, in UTC.
WITH landed AS (
    SELECT
        *,
        communicated_at AT TIME ZONE 'UTC' AT TIME ZONE coalesce(getvariable('timezone'), 'UTC') AS local_at
    FROM raw.d23_manual_communication_logs
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
)

SELECT
    landed.public_id,
    landed.communication_type,
    landed.interaction_source,
    landed.outcome_option,
    landed.is_active,
    landed.is_ptp_broken,
    landed.communicated_at,
    landed.created_at,
    landed.updated_at,
    landed.month,
    coalesce(spelling.outcome, 'unmapped') AS outcome,
    coalesce(spelling.contact_class, 'unknown') AS contact_class,
    coalesce(spelling.result_class, 'unknown') AS result_class,
    coalesce(spelling.is_mapped, FALSE) AS is_mapped,
    landed.local_at,
    landed.local_at::DATE AS local_date,
    hour(landed.local_at)::INTEGER AS local_hour,
    isodow(landed.local_at)::INTEGER AS iso_weekday,
    epoch(landed.created_at) - epoch(landed.communicated_at) AS log_lag_seconds,
    coalesce(spelling.outcome_map_version, 'none') AS outcome_map_version,
    version.load_number,
    last_load.load_number AS last_load_number
FROM landed
LEFT JOIN raw.month_versions AS version ON landed.month = version.month
LEFT JOIN raw.last_loads AS last_load ON landed.month = last_load.month
LEFT JOIN core.outcome_spellings AS spelling
    ON
        landed.month = spelling.month
        AND landed.outcome_option IS NOT DISTINCT FROM spelling.outcome_option
