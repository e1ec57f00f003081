-- Finds a difference between the rows of this table and the landed rows whose outcome is not mapped. The check passes
-- if there are none.
-- Severity: ERROR, blocking
-- To do: compute unmapped_outcomes again.
-- Observed: {rows} rows here, of {unmapped_rows} landed rows that the outcome map does not know.
-- In a DuckDB shell on the warehouse: paste.
-- Rows that violate the check have holds = false.
WITH landed AS (
    SELECT count(*) FILTER (WHERE NOT is_mapped) AS unmapped_rows FROM core.contact_attempts
),

counted AS (
    SELECT coalesce(sum(rows), 0) AS rows FROM analytics.unmapped_outcomes
)

SELECT
    landed.unmapped_rows,
    counted.rows,
    landed.unmapped_rows = counted.rows AS holds
FROM landed
CROSS JOIN counted
