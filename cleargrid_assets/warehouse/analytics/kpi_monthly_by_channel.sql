-- The figures of a month by channel: one slice of analytics.kpi_monthly.
-- In a DuckDB shell on the warehouse: paste.
SELECT * EXCLUDE (slice, interaction_source)
FROM analytics.kpi_monthly
WHERE slice = 'channel'
