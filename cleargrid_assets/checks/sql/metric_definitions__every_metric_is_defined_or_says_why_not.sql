-- Finds metrics without a denominator that are called supported, and unsupported ones without a reason.
-- No row: the claim holds. A row is a defect of the shipped file metric_definitions.csv: report it.
-- In a DuckDB shell on the warehouse: paste.
SELECT *
FROM analytics.metric_definitions
WHERE (supported AND denominator IS NULL) OR supported = (why_not IS NOT NULL)
