-- Every metric in total for the 24 months up to the report's and for the open month.
-- In a DuckDB shell on the warehouse: SET VARIABLE report_month = DATE '2026-05-01'; then paste.
SELECT
    kpi.month,
    kpi.metric,
    definition.name,
    definition.formula,
    definition.caveat,
    definition.unit,
    kpi.numerator,
    kpi.denominator,
    kpi.value,
    kpi.lo,
    kpi.hi,
    kpi.prev_value,
    kpi.change_pp,
    kpi.change_lo,
    kpi.change_hi,
    kpi.status
FROM analytics.kpi_monthly AS kpi
INNER JOIN analytics.metric_definitions AS definition ON kpi.metric = definition.metric
WHERE kpi.slice = 'all' AND kpi.month > getvariable('report_month')::DATE - INTERVAL 24 MONTH
ORDER BY kpi.month, kpi.metric
