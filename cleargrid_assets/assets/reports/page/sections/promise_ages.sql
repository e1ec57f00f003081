-- Promises flagged broken by an age of 7 to 90 days, by the month of the promise: in total and by pool, over the
-- promises that were old enough at the month's last load. Bounded by updated_at, so it holds from the first load on.
-- In a DuckDB shell on the warehouse: paste.
SELECT
    month,
    age_days,
    CASE WHEN grouping(communication_type) = 1 THEN 'all' ELSE 'channel x source' END AS slice,
    communication_type,
    communication_type || ' × ' || interaction_source AS pool,
    sum(promises)::BIGINT AS promises,
    sum(broken_by_updated_at)::BIGINT AS broken,
    wilson_lo(sum(broken_by_updated_at), sum(promises)) AS lo,
    wilson_hi(sum(broken_by_updated_at), sum(promises)) AS hi
FROM analytics.promise_age_curve
GROUP BY GROUPING SETS ((month, age_days), (month, age_days, communication_type, interaction_source))
HAVING sum(promises) > 0
ORDER BY month, age_days, communication_type, interaction_source
