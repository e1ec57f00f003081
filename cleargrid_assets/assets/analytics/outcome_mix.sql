-- How often each outcome was logged, by local day, channel, source and spelling. All landed rows are counted
-- (rows_total); attempts and broken count the rows in scope. label_null is a macro of the warehouse.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT
    month,
    local_date,
    label_null(communication_type) AS communication_type,
    label_null(interaction_source) AS interaction_source,
    label_null(outcome_option) AS outcome_option,
    min(outcome) AS outcome,
    min(contact_class) AS contact_class,
    min(result_class) AS result_class,
    bool_and(is_mapped) AS is_mapped,
    count(*) AS rows_total,
    count(*) FILTER (WHERE is_active) AS rows_active,
    count(*) FILTER (WHERE NOT is_active) AS rows_inactive,
    count(*) FILTER (WHERE in_scope) AS attempts,
    count(*) FILTER (WHERE in_scope AND is_promise AND is_ptp_broken) AS broken,
    max(outcome_map_version) AS outcome_map_version,
    max(load_number) AS load_number
FROM core.contact_attempts
WHERE getvariable('month') IS NULL OR month = getvariable('month')
GROUP BY ALL
