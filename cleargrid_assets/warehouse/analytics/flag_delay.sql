-- How long after a promise it was flagged broken, over the promises whose flag a load saw change: medians of what the
-- load before it proves at least, and of what the load that saw the flag proves at most.
-- In a DuckDB shell on the warehouse: paste.
SELECT
    month,
    communication_type,
    interaction_source,
    count(*) AS n,
    quantile_cont((epoch_us(seen_unflagged_at) - epoch_us(communicated_at)) / 86400e6, 0.5) AS delay_lo_p50_days,
    quantile_cont((epoch_us(seen_flagged_at) - epoch_us(communicated_at)) / 86400e6, 0.5) AS delay_hi_p50_days,
    rules_version
FROM core.promise_flags
WHERE seen_unflagged_at IS NOT NULL
GROUP BY month, communication_type, interaction_source, rules_version
