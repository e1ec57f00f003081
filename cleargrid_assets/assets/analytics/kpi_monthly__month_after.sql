-- Updates prev_value, change_pp and its interval in the month after `month`, so that months can be computed in any
-- order. Runs in the transaction that writes analytics.kpi_monthly. kpi_change_pp, _lo and _hi are macros.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste.
UPDATE analytics.kpi_monthly AS after_it
SET
    prev_value = before.prev_value,
    change_pp = kpi_change_pp(before.compared, after_it.value, before.prev_value),
    change_lo = kpi_change_lo(
        before.compared, after_it.numerator, after_it.denominator, before.numerator, before.denominator
    ),
    change_hi = kpi_change_hi(
        before.compared, after_it.numerator, after_it.denominator, before.numerator, before.denominator
    )
FROM (
    SELECT
        later.month,
        later.slice,
        later.communication_type,
        later.interaction_source,
        later.metric,
        it.numerator,
        it.denominator,
        it.value AS prev_value,
        definition.compared
    FROM analytics.kpi_monthly AS later
    LEFT JOIN analytics.kpi_monthly AS it
        ON
            it.month = getvariable('month')
            AND later.slice = it.slice
            AND later.communication_type = it.communication_type
            AND later.interaction_source = it.interaction_source
            AND later.metric = it.metric
            AND later.rules_version = it.rules_version
    INNER JOIN analytics.metric_definitions AS definition ON later.metric = definition.metric
    WHERE later.month = getvariable('month')::DATE + INTERVAL 1 MONTH
) AS before
WHERE
    after_it.month = before.month
    AND after_it.slice = before.slice
    AND after_it.communication_type = before.communication_type
    AND after_it.interaction_source = before.interaction_source
    AND after_it.metric = before.metric
