-- The promises of each ISO week that were 30 days old when they were last read, how many of them were flagged broken by
-- then, as in analytics.promise_age_curve, and how much that share varied over the 12 weeks before.
-- rate, wilson_lo, wilson_hi and dispersion are macros of the warehouse.
-- In a DuckDB shell on the warehouse: paste.
WITH week AS (
    SELECT
        date_trunc('week', local_date)::DATE AS week_start_date,
        CASE WHEN min(rules_version) = max(rules_version) THEN min(rules_version) END AS rules_version,
        count(*) FILTER (WHERE is_whole) = 7 AS is_complete
    FROM analytics.loaded_days
    GROUP BY date_trunc('week', local_date)
),

aged AS (
    SELECT
        date_trunc('week', attempt.local_date)::DATE AS week_start_date,
        count(*) AS promises,
        count(*) FILTER (
            WHERE attempt.is_ptp_broken AND attempt.updated_at <= attempt.communicated_at + INTERVAL 30 DAY
        ) AS broken_by_updated_at
    FROM core.contact_attempts AS attempt
    INNER JOIN raw.version_loads AS last_load
        ON attempt.month = last_load.month AND attempt.load_number = last_load.version
    WHERE
        attempt.in_scope
        AND attempt.is_promise
        AND attempt.communicated_at <= last_load.started_at - INTERVAL 30 DAY
    GROUP BY date_trunc('week', attempt.local_date)
),

counted AS (
    SELECT
        week.*,
        coalesce(aged.promises, 0) AS promises,
        coalesce(aged.broken_by_updated_at, 0) AS broken_by_updated_at,
        week.is_complete AND aged.promises IS NOT NULL AS varies,
        aged.broken_by_updated_at * (aged.broken_by_updated_at / aged.promises) AS k_squared_per_n
    FROM week
    LEFT JOIN aged ON week.week_start_date = aged.week_start_date
)

SELECT
    week_start_date,
    promises,
    broken_by_updated_at,
    rate(broken_by_updated_at, promises) AS broken_by_updated_at_share,
    wilson_lo(broken_by_updated_at, promises) AS broken_by_updated_at_share_lo,
    wilson_hi(broken_by_updated_at, promises) AS broken_by_updated_at_share_hi,
    is_complete,
    dispersion(
        count(*) FILTER (WHERE varies) OVER twelve_before,
        sum(broken_by_updated_at) FILTER (WHERE varies) OVER twelve_before,
        sum(promises) FILTER (WHERE varies) OVER twelve_before,
        sum(k_squared_per_n) FILTER (WHERE varies) OVER twelve_before
    ) AS phi,
    count(*) FILTER (WHERE varies) OVER twelve_before AS phi_weeks,
    rules_version
FROM counted
WINDOW
    twelve_before AS (
        PARTITION BY rules_version ORDER BY week_start_date
        RANGE BETWEEN INTERVAL 84 DAY PRECEDING AND INTERVAL 7 DAY PRECEDING
    )
