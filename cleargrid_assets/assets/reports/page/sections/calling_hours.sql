-- Attempts outside permitted hours in the report's month, by channel and profile. All landed rows count.
-- In a DuckDB shell on the warehouse: SET VARIABLE report_month = DATE '2026-05-01'; then paste.
SELECT
    profile,
    coalesce(communication_type, '(all)') AS channel,
    sum(attempts)::BIGINT AS attempts,
    sum(time_known)::BIGINT AS time_known,
    sum(outside_early)::BIGINT AS outside_early,
    sum(outside_late)::BIGINT AS outside_late,
    bool_and(verified) AS verified
FROM analytics.calling_hours
WHERE month = getvariable('report_month')::DATE
GROUP BY GROUPING SETS ((profile), (profile, communication_type))
ORDER BY profile ASC, grouping(communication_type) DESC, attempts DESC
