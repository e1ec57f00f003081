-- The rates that are drawn month by month, in total and by channel, for the 24 months up to the report's and for the
-- open month.
-- In a DuckDB shell on the warehouse: SET VARIABLE report_month = DATE '2026-05-01'; then paste.
SELECT
    kpi.month,
    kpi.communication_type,
    kpi.metric,
    definition.name,
    kpi.numerator,
    kpi.denominator,
    kpi.value,
    kpi.lo,
    kpi.hi,
    kpi.status
FROM analytics.kpi_monthly AS kpi
INNER JOIN analytics.metric_definitions AS definition ON kpi.metric = definition.metric
WHERE
    kpi.slice IN ('all', 'channel')
    AND kpi.metric IN (
        'contact_rate', 'rpc_per_contact', 'ptp_per_rpc', 'refusal_per_rpc',
        'late_logged_1h_per_attempt', 'late_logged_24h_per_attempt'
    )
    AND kpi.value IS NOT NULL
    AND kpi.month > getvariable('report_month')::DATE - INTERVAL 24 MONTH
ORDER BY kpi.month, kpi.communication_type, kpi.metric
