-- The funnel of the report's month: in total and by channel, largest first.
-- In a DuckDB shell on the warehouse: SET VARIABLE report_month = DATE '2026-05-01'; then paste.
SELECT
    coalesce(communication_type, '(all)') AS channel,
    grouping(communication_type) AS is_whole,
    sum(attempts)::BIGINT AS attempts,
    sum(connected)::BIGINT AS connected,
    sum(contacts)::BIGINT AS contacts,
    sum(rpc)::BIGINT AS rpc,
    sum(promises)::BIGINT AS promises
FROM analytics.cohort_contact
WHERE month = getvariable('report_month')::DATE
GROUP BY GROUPING SETS ((), (communication_type))
HAVING sum(attempts) > 0
ORDER BY is_whole DESC, attempts DESC, channel ASC
