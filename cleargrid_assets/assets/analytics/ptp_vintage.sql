-- The promises of a month and how many are flagged broken, as the month's last load saw them. Each load adds its
-- observation beside the earlier ones: months are compared at equal age_days. Rows in scope only.
-- rate, wilson_lo and wilson_hi are macros of the warehouse.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste.
-- Without it: all months. The rows in scope are the active ones, unless SET VARIABLE row_scope = 'all'.
WITH last_load AS (
    SELECT month, max(loaded_at) AS observed_at, arg_max(until, loaded_at) AS until
    FROM raw.d23_loads
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
    GROUP BY month
),

counted AS (
    SELECT
        attempt.month,
        last_load.observed_at,
        coalesce(attempt.communication_type, '(null)') AS communication_type,
        coalesce(attempt.interaction_source, '(null)') AS interaction_source,
        count(*) AS promises,
        count(*) FILTER (WHERE attempt.is_ptp_broken) AS broken,
        any_value((epoch(last_load.observed_at) - epoch(last_load.until)) / 86400) AS age_days,
        max(attempt.outcome_map_version) AS outcome_map_version
    FROM core.contact_attempts AS attempt
    INNER JOIN last_load ON attempt.month = last_load.month
    WHERE
        (attempt.is_active OR getvariable('row_scope') = 'all')
        AND attempt.contact_class = 'right_party'
        AND attempt.result_class = 'promise'
    GROUP BY ALL
)

SELECT
    *,
    rate(broken, promises) AS broken_share,
    wilson_lo(broken, promises) AS broken_share_lo,
    wilson_hi(broken, promises) AS broken_share_hi
FROM counted
