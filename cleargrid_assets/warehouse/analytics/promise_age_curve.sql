-- The share of a month's promises that was broken within 7, 14, 30, 60 and 90 days of the promise, over the promises
-- that were that old when the month was last read. broken_by_updated_at is known from the first load on: a flagged row
-- was flagged at or before its updated_at. The truth lies between broken_within_lo and broken_within_hi.
-- rate, wilson_lo and wilson_hi are macros of the warehouse.
-- In a DuckDB shell on the warehouse: paste.
WITH aged AS (
    SELECT
        promise.*,
        age.age_days,
        promise.communicated_at + to_days(age.age_days) AS aged_at
    FROM core.promise_flags AS promise
    CROSS JOIN (VALUES (7), (14), (30), (60), (90)) AS age (age_days)
),

counted AS (
    SELECT
        month,
        age_days,
        communication_type,
        interaction_source,
        count(*) AS promises,
        count(*) FILTER (WHERE is_ptp_broken AND updated_at <= aged_at) AS broken_by_updated_at,
        count(*) FILTER (
            WHERE is_ptp_broken AND (updated_at <= aged_at OR seen_flagged_at <= aged_at)
        ) AS broken_within_lo,
        count(*) FILTER (
            WHERE is_ptp_broken AND (seen_unflagged_at IS NULL OR seen_unflagged_at <= aged_at)
        ) AS broken_within_hi,
        rules_version
    FROM aged
    WHERE aged_at <= read_at
    GROUP BY month, age_days, communication_type, interaction_source, rules_version
)

SELECT
    month,
    age_days,
    communication_type,
    interaction_source,
    promises,
    broken_by_updated_at,
    broken_within_lo,
    broken_within_hi,
    rate(broken_by_updated_at, promises) AS broken_by_updated_at_share,
    wilson_lo(broken_by_updated_at, promises) AS broken_by_updated_at_share_lo,
    wilson_hi(broken_by_updated_at, promises) AS broken_by_updated_at_share_hi,
    rate(broken_within_lo, promises) AS broken_within_lo_share,
    wilson_lo(broken_within_lo, promises) AS broken_within_lo_share_lo,
    wilson_hi(broken_within_lo, promises) AS broken_within_lo_share_hi,
    rate(broken_within_hi, promises) AS broken_within_hi_share,
    wilson_lo(broken_within_hi, promises) AS broken_within_hi_share_lo,
    wilson_hi(broken_within_hi, promises) AS broken_within_hi_share_hi,
    rules_version
FROM counted
