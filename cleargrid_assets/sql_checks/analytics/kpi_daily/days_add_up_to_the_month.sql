-- Finds shares whose numerator or denominator is not the sum of the month's days, in any slice. The check passes if
-- there are none.
-- Severity: ERROR, blocking
-- To do: compute the month's kpi_monthly and kpi_daily again.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH summed AS (
    SELECT
        month,
        slice,
        communication_type,
        interaction_source,
        metric,
        sum(numerator) AS numerator,
        sum(denominator) AS denominator
    FROM analytics.kpi_daily
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
    GROUP BY month, slice, communication_type, interaction_source, metric
),

whole AS (
    SELECT kpi.*
    FROM analytics.kpi_monthly AS kpi
    INNER JOIN analytics.metric_definitions AS definition ON kpi.metric = definition.metric
    WHERE
        (getvariable('month') IS NULL OR kpi.month = getvariable('month'))
        AND definition.unit = 'share'
        AND kpi.metric <> 'broken_per_mature_promise'
)

SELECT
    coalesce(whole.month, summed.month) AS month,
    coalesce(whole.slice, summed.slice) AS slice,
    coalesce(whole.communication_type, summed.communication_type) AS communication_type,
    coalesce(whole.interaction_source, summed.interaction_source) AS interaction_source,
    coalesce(whole.metric, summed.metric) AS metric,
    whole.numerator,
    summed.numerator AS numerator_of_days,
    whole.denominator,
    summed.denominator AS denominator_of_days
FROM whole
FULL JOIN summed
    ON
        whole.month = summed.month
        AND whole.slice = summed.slice
        AND whole.communication_type = summed.communication_type
        AND whole.interaction_source = summed.interaction_source
        AND whole.metric = summed.metric
WHERE
    whole.numerator IS DISTINCT FROM summed.numerator
    OR whole.denominator IS DISTINCT FROM summed.denominator
