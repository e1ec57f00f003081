-- Contacts per attempt and right-party contacts per contact by weekday and local hour, over the three months up to the
-- report's: counts are summed and divided once.
-- In a DuckDB shell on the warehouse: SET VARIABLE report_month = DATE '2026-05-01'; then paste.
SELECT
    iso_weekday,
    local_hour,
    sum(attempts)::BIGINT AS attempts,
    sum(contacts)::BIGINT AS contacts,
    sum(rpc)::BIGINT AS rpc
FROM analytics.cohort_contact
WHERE
    month <= getvariable('report_month')::DATE
    AND month > getvariable('report_month')::DATE - INTERVAL 3 MONTH
GROUP BY iso_weekday, local_hour
ORDER BY iso_weekday, local_hour
