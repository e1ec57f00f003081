-- Every computed month: its rows, its last load, whether it is final, and the rules it was computed under.
-- In a DuckDB shell on the warehouse: paste.
SELECT
    kpi.month,
    any_value(kpi.status) AS status,
    any_value(last_load.loaded_at) AS loaded_at,
    any_value(last_load.rows_landed) AS rows_landed,
    max(kpi.denominator) FILTER (WHERE kpi.metric = 'contact_rate') AS attempts,
    max(kpi.unmapped) AS unmapped,
    any_value(kpi.outcome_map_version) AS outcome_map_version,
    any_value(kpi.rules_version) AS rules_version
FROM analytics.kpi_monthly AS kpi
LEFT JOIN raw.last_loads AS last_load ON kpi.month = last_load.month
WHERE kpi.slice = 'all'
GROUP BY kpi.month
ORDER BY kpi.month
