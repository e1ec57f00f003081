-- The pools of the report's month (an interaction source on a channel), sorted by the lower end of PTP per RPC.
-- Pools with fewer than 30 right-party contacts come last.
-- In a DuckDB shell on the warehouse: SET VARIABLE report_month = DATE '2026-05-01'; then paste.
WITH pool AS (
    SELECT
        communication_type,
        interaction_source,
        sum(attempts)::BIGINT AS attempts,
        sum(contacts)::BIGINT AS contacts,
        sum(rpc)::BIGINT AS rpc,
        sum(promises)::BIGINT AS promises,
        sum(active_hours)::BIGINT AS active_hours
    FROM analytics.agent_productivity
    WHERE month = getvariable('report_month')::DATE
    GROUP BY communication_type, interaction_source
)

SELECT
    *,
    communication_type || ' × ' || interaction_source AS pool,
    rate(promises, rpc) AS value,
    wilson_lo(promises, rpc) AS lo,
    wilson_hi(promises, rpc) AS hi
FROM pool
ORDER BY rpc >= 30 DESC, lo DESC NULLS LAST, attempts DESC, pool ASC
