-- The promises of a month and how many are flagged broken, as of the last load that found the rows of
-- core.contact_attempts. Each load has its own observation, so that months can be compared at equal age_days. Rows in
-- scope only.
-- rate, wilson_lo, wilson_hi and label_null are macros of the warehouse.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH counted AS (
    SELECT
        attempt.month,
        last_load.load_number,
        last_load.loaded_at AS observed_at,
        label_null(attempt.communication_type) AS communication_type,
        label_null(attempt.interaction_source) AS interaction_source,
        count(*) AS promises,
        count(*) FILTER (WHERE attempt.is_ptp_broken) AS broken,
        any_value((epoch(last_load.loaded_at) - epoch(last_load.until)) / 86400) AS age_days,
        attempt.outcome_map_version
    FROM core.contact_attempts AS attempt
    INNER JOIN raw.version_loads AS last_load
        ON attempt.month = last_load.month AND attempt.load_number = last_load.version
    WHERE
        (getvariable('month') IS NULL OR attempt.month = getvariable('month'))
        AND attempt.in_scope
        AND attempt.is_promise
    GROUP BY ALL
)

SELECT
    *,
    rate(broken, promises) AS broken_share,
    wilson_lo(broken, promises) AS broken_share_lo,
    wilson_hi(broken, promises) AS broken_share_hi
FROM counted
