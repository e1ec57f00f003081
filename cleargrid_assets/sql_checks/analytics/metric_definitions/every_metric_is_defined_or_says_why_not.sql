-- Finds supported metrics without a denominator or a unit, and unsupported ones without a reason. The check passes if
-- there are none.
-- Severity: ERROR, blocking
-- To do: report it: a bug in the shipped file metric_definitions.csv.
-- In a DuckDB shell on the warehouse: paste.
SELECT *
FROM analytics.metric_definitions
WHERE (supported AND (denominator IS NULL OR unit IS NULL)) OR supported = (why_not IS NOT NULL)
