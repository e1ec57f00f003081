-- The figures of a month over all of its rows: one slice of analytics.kpi_monthly.
-- In a DuckDB shell on the warehouse: paste.
SELECT * EXCLUDE (slice, communication_type, interaction_source)
FROM analytics.kpi_monthly
WHERE slice = 'all'
