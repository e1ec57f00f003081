-- How often each outcome was logged by weekday and local hour, by channel and source. All landed rows are counted
-- (rows); attempts count the rows in scope. label_null is a macro of the warehouse.
-- In a DuckDB shell on the warehouse: paste.
SELECT
    month,
    iso_weekday,
    local_hour,
    label_null(communication_type) AS communication_type,
    label_null(interaction_source) AS interaction_source,
    outcome,
    result_class,
    count(*) AS rows,
    count(*) FILTER (WHERE in_scope) AS attempts,
    rules_version
FROM core.contact_attempts
GROUP BY ALL
