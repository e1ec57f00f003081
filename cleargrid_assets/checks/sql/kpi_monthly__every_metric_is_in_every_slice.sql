-- Finds slices that lack a supported metric or have one that is not defined. The check passes if there are none.
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

found AS (
    SELECT month, slice, communication_type, interaction_source, metric
    FROM analytics.kpi_monthly
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
)

(
    SELECT *, 'missing' AS said FROM expected
    EXCEPT
    SELECT *, 'missing' AS said FROM found
)
UNION ALL
(
    SELECT *, 'not defined' AS said FROM found
    EXCEPT
    SELECT *, 'not defined' AS said FROM expected
)
