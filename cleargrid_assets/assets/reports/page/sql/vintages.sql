-- Each observation of the promises of the last 12 months: age in days since the month's end, promises, broken.
-- In a DuckDB shell on the warehouse: paste. wilson_lo and wilson_hi are macros of the warehouse.
SELECT
    month,
    observed_at,
    any_value(age_days) AS age_days,
    sum(promises)::BIGINT AS promises,
    sum(broken)::BIGINT AS broken,
    rate(sum(broken), sum(promises)) AS broken_share,
    wilson_lo(sum(broken), sum(promises)) AS lo,
    wilson_hi(sum(broken), sum(promises)) AS hi
FROM analytics.ptp_vintage
WHERE month > (SELECT max(latest.month) FROM analytics.ptp_vintage AS latest) - INTERVAL 12 MONTH
GROUP BY month, observed_at
ORDER BY month, observed_at
