-- Finds channels and interaction sources that occur in no other month. The check passes if there are none. It also
-- passes if the warehouse has only one month.
-- Severity: WARN
-- To do: ask ClearGrid whether the value is intended; if so, do nothing: the value is known from next month on.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH values_seen AS (
    SELECT DISTINCT month, 'communication_type' AS field, communication_type AS new_value
    FROM raw.d23_manual_communication_logs
    UNION ALL
    SELECT DISTINCT month, 'interaction_source' AS field, interaction_source AS new_value
    FROM raw.d23_manual_communication_logs
)

SELECT field, new_value, min(month) AS month
FROM values_seen
WHERE (SELECT count(DISTINCT months.month) FROM values_seen AS months) > 1
GROUP BY field, new_value
HAVING count(*) = 1 AND (getvariable('month') IS NULL OR min(month) = getvariable('month'))
