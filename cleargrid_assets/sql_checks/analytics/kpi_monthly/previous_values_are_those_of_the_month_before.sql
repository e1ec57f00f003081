-- Finds figures whose prev_value is not the value of the month before, or is not null although that month was computed
-- under other rules. The check passes if there are none.
-- Severity: ERROR, blocking
-- To do: compute the month's kpi_monthly again.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT it.*, before.value AS value_of_the_month_before
FROM analytics.kpi_monthly AS it
LEFT JOIN analytics.kpi_monthly AS before
    ON
        before.month = it.month - INTERVAL 1 MONTH
        AND it.slice = before.slice
        AND it.communication_type = before.communication_type
        AND it.interaction_source = before.interaction_source
        AND it.metric = before.metric
        AND it.rules_version = before.rules_version
WHERE
    (getvariable('month') IS NULL OR it.month = getvariable('month'))
    AND it.prev_value IS DISTINCT FROM before.value
