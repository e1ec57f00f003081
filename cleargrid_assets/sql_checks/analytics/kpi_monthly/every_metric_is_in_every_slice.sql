-- Finds slices that lack a supported metric or have one that is not defined. The check passes if there are none.
-- Severity: ERROR, blocking
-- To do: compute the month's kpi_monthly again.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH slice AS (
    SELECT DISTINCT month, slice, communication_type, interaction_source
    FROM analytics.kpi_monthly
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
),

expected AS (
    SELECT slice.*, definition.metric
    FROM slice
    CROSS JOIN analytics.metric_definitions AS definition
    WHERE definition.supported
),

present AS (
    SELECT month, slice, communication_type, interaction_source, metric
    FROM analytics.kpi_monthly
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
)

(
    SELECT *, 'missing' AS problem FROM expected
    EXCEPT
    SELECT *, 'missing' AS problem FROM present
)
UNION ALL
(
    SELECT *, 'not defined' AS problem FROM present
    EXCEPT
    SELECT *, 'not defined' AS problem FROM expected
)
