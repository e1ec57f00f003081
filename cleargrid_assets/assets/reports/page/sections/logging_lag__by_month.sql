-- The shares of attempts that were logged late, for the 24 months up to the report's and for the open month.
-- In a DuckDB shell on the warehouse: SET VARIABLE report_month = DATE '2026-05-01'; then paste.
SELECT
    kpi.month,
    definition.name,
    kpi.numerator,
    kpi.denominator,
    kpi.value
FROM analytics.kpi_monthly AS kpi
INNER JOIN analytics.metric_definitions AS definition ON kpi.metric = definition.metric
WHERE
    kpi.slice = 'all'
    AND kpi.metric IN ('late_logged_1h_per_attempt', 'late_logged_24h_per_attempt')
    AND kpi.value IS NOT NULL
    AND kpi.month > getvariable('report_month')::DATE - INTERVAL 24 MONTH
ORDER BY kpi.month, kpi.metric
