-- The figures of a month by pool, an interaction source on a channel: one slice of analytics.kpi_monthly.
-- In a DuckDB shell on the warehouse: paste.
SELECT * EXCLUDE (slice)
FROM analytics.kpi_monthly
WHERE slice = 'channel x source'
