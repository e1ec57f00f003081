-- The promises of a month and how many are flagged broken, as of the load whose rows core.contact_attempts holds. Each
-- load has its own observation, so that months can be compared at equal age_days. Rows in scope only.
-- rate, wilson_lo and wilson_hi are macros of the warehouse.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste.
-- Without it: all months. The rows in scope are the active ones, unless SET VARIABLE row_scope = 'all'.
WITH counted AS (
    SELECT
        attempt.month,
        attempt.last_load_number AS load_number,
        last_load.loaded_at AS observed_at,
        coalesce(attempt.communication_type, '(null)') AS communication_type,
        coalesce(attempt.interaction_source, '(null)') AS interaction_source,
        count(*) AS promises,
        count(*) FILTER (WHERE attempt.is_ptp_broken) AS broken,
        any_value((epoch(last_load.loaded_at) - epoch(last_load.until)) / 86400) AS age_days,
        attempt.outcome_map_version
    FROM core.contact_attempts AS attempt
    INNER JOIN raw.d23_loads AS last_load
        ON attempt.month = last_load.month AND attempt.last_load_number = last_load.load_number
    WHERE
        (getvariable('month') IS NULL OR attempt.month = getvariable('month'))
        AND (attempt.is_active OR getvariable('row_scope') = 'all')
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
