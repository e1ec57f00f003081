-- Every metric in total for the 24 months up to the report's and for the open month, with the interval of the month
-- before.
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
    kpi.status,
    before.lo AS prev_lo,
    before.hi AS prev_hi
FROM analytics.kpi_monthly AS kpi
INNER JOIN analytics.metric_definitions AS definition ON kpi.metric = definition.metric
LEFT JOIN analytics.kpi_monthly AS before
    ON
        before.month = kpi.month - INTERVAL 1 MONTH
        AND kpi.slice = before.slice
        AND kpi.communication_type = before.communication_type
        AND kpi.interaction_source = before.interaction_source
        AND kpi.metric = before.metric
WHERE kpi.slice = 'all' AND kpi.month > getvariable('report_month')::DATE - INTERVAL 24 MONTH
ORDER BY kpi.month, kpi.metric
