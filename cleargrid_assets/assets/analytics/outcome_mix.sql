-- How often each outcome was logged, by local day, channel, source and spelling. All landed rows are counted
-- (rows_total); attempts and broken count the rows in scope.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste.
-- Without it: all months. The rows in scope are the active ones, unless SET VARIABLE row_scope = 'all'.
SELECT
    month,
    local_date,
    coalesce(communication_type, '(null)') AS communication_type,
    coalesce(interaction_source, '(null)') AS interaction_source,
    coalesce(outcome_option, '(null)') AS outcome_option,
    min(outcome) AS outcome,
    min(contact_class) AS contact_class,
    min(result_class) AS result_class,
    bool_and(is_mapped) AS is_mapped,
    count(*) AS rows_total,
    count(*) FILTER (WHERE is_active) AS rows_active,
    count(*) FILTER (WHERE NOT is_active) AS rows_inactive,
    count(*) FILTER (WHERE is_active OR getvariable('row_scope') = 'all') AS attempts,
    count(*) FILTER (
        WHERE result_class = 'promise' AND is_ptp_broken AND (is_active OR getvariable('row_scope') = 'all')
    ) AS broken,
    max(outcome_map_version) AS outcome_map_version,
    max(load_number) AS load_number
FROM core.contact_attempts
WHERE getvariable('month') IS NULL OR month = getvariable('month')
GROUP BY ALL
