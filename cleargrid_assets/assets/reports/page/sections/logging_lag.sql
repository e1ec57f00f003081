-- How late outcomes were typed in during the report's month, from the slices all and channel of kpi_monthly.
-- In a DuckDB shell on the warehouse: SET VARIABLE report_month = DATE '2026-05-01'; then paste.
SELECT
    communication_type AS channel,
    max(denominator) FILTER (WHERE metric = 'log_lag_p50_s') AS attempts,
    max(value) FILTER (WHERE metric = 'log_lag_p50_s') AS p50_s,
    max(value) FILTER (WHERE metric = 'log_lag_p90_s') AS p90_s,
    max(value) FILTER (WHERE metric = 'log_lag_p99_s') AS p99_s,
    max(numerator) FILTER (WHERE metric = 'late_logged_1h_per_attempt') AS late_1h,
    max(numerator) FILTER (WHERE metric = 'late_logged_24h_per_attempt') AS late_24h
FROM analytics.kpi_monthly
WHERE month = getvariable('report_month')::DATE AND slice IN ('all', 'channel')
GROUP BY slice, communication_type
ORDER BY slice ASC, attempts DESC
