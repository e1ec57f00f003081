-- How long after a promise a pool's promises were flagged broken, by the month of the promise.
-- In a DuckDB shell on the warehouse: paste.
SELECT
    month,
    communication_type,
    communication_type || ' × ' || interaction_source AS pool,
    n,
    delay_lo_p50_days,
    delay_hi_p50_days
FROM analytics.flag_delay
ORDER BY month, pool
