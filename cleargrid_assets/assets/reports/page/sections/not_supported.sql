-- The metrics that D23 cannot support, and why.
-- In a DuckDB shell on the warehouse: paste.
SELECT name, formula, why_not
FROM analytics.metric_definitions
WHERE NOT supported
ORDER BY name
