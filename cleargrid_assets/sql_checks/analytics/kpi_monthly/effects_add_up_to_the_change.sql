-- Finds changes since the month before that the effects of analytics.rate_change_decomposition do not add up to within
-- 1e-9, by either grouping. The check passes if there are none.
-- Severity: ERROR
-- To do: compute the kpi_monthly and cohort_contact of this month and of the month before again; if it still fails,
-- report it with these rows.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH effect AS (
    SELECT
        month,
        grouped_by,
        metric,
        sum(rate_effect + mix_effect) AS effects
    FROM analytics.rate_change_decomposition
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
    GROUP BY month, grouped_by, metric
)

SELECT
    kpi.month,
    kpi.metric,
    effect.grouped_by,
    kpi.value - kpi.prev_value AS change,
    effect.effects
FROM analytics.kpi_monthly AS kpi
LEFT JOIN effect ON kpi.month = effect.month AND kpi.metric = effect.metric
WHERE
    (getvariable('month') IS NULL OR kpi.month = getvariable('month'))
    AND kpi.slice = 'all'
    AND kpi.change_pp IS NOT NULL
    AND coalesce(abs(kpi.value - kpi.prev_value - effect.effects) > 1e-9, TRUE)
