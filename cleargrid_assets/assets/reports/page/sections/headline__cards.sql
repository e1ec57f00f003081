-- The rates on the cards of the report's month against the month before: Newcombe's interval of the change, the p-value
-- with the dispersion of the 12 complete weeks before the month, and whether it passes Benjamini-Hochberg at q = 0.05
-- over all cards. Broken promises are taken at an age of 30 days. Months under different rules are not compared.
-- Nothing is judged if more than 1% of attempts are unmapped in either month: an outcome that moves out of the map
-- moves rates.
-- In a DuckDB shell on the warehouse: SET VARIABLE report_month = DATE '2026-05-01'; then paste. rate, wilson_lo, _hi
-- and difference_lo, _hi, _p are macros of the warehouse.
WITH figure AS (
    SELECT
        kpi.month,
        kpi.metric,
        definition.name,
        definition.formula,
        kpi.numerator,
        kpi.denominator,
        kpi.rules_version
    FROM analytics.kpi_monthly_total AS kpi
    INNER JOIN analytics.metric_definitions AS definition ON kpi.metric = definition.metric
    WHERE
        kpi.metric IN (
            'contact_rate', 'rpc_per_contact', 'ptp_per_rpc', 'refusal_per_rpc', 'settlement_per_rpc', 'connect_rate',
            'outside_hours_per_timed_attempt'
        )
    UNION ALL
    -- A month has a card before its first promise is 30 days old.
    SELECT
        kpi.month,
        'broken_within_30_days' AS metric,
        'Broken within 30 days' AS name,
        'flagged broken and last changed within 30 days / promises that were 30 days old at the last load' AS formula,
        coalesce(sum(curve.broken_by_updated_at), 0)::BIGINT AS numerator,
        coalesce(sum(curve.promises), 0)::BIGINT AS denominator,
        kpi.rules_version
    FROM analytics.kpi_monthly_total AS kpi
    LEFT JOIN analytics.promise_age_curve AS curve ON kpi.month = curve.month AND curve.age_days = 30
    WHERE kpi.metric = 'broken_per_promise'
    GROUP BY kpi.month, kpi.rules_version
),

spread AS (
    SELECT metric, phi, phi_weeks
    FROM analytics.kpi_weekly
    WHERE slice = 'all' AND week_start_date = date_trunc('week', getvariable('report_month')::DATE)
    UNION ALL
    SELECT 'broken_within_30_days' AS metric, phi, phi_weeks
    FROM analytics.promise_weekly
    WHERE week_start_date = date_trunc('week', getvariable('report_month')::DATE)
),

unmapped AS (
    SELECT max(unmapped) > 0.01 * max(denominator) FILTER (WHERE metric = 'contact_rate') AS has_unmapped
    FROM analytics.kpi_monthly_total
    WHERE
        month BETWEEN
        getvariable('report_month')::DATE - INTERVAL 1 MONTH AND getvariable('report_month')::DATE
    GROUP BY month
),

paired AS (
    SELECT
        it.*,
        (SELECT coalesce(bool_or(unmapped.has_unmapped), false) FROM unmapped) AS has_unmapped,
        coalesce(before.numerator, 0) AS prev_numerator,
        coalesce(before.denominator, 0) AS prev_denominator,
        coalesce(spread.phi, 1) AS phi,
        coalesce(spread.phi_weeks, 0) AS phi_weeks
    FROM figure AS it
    LEFT JOIN figure AS before
        ON
            it.metric = before.metric
            AND before.month = it.month - INTERVAL 1 MONTH
            AND it.rules_version = before.rules_version
    LEFT JOIN spread ON it.metric = spread.metric
    WHERE it.month = getvariable('report_month')::DATE
),

judged AS (
    SELECT
        *,
        CASE
            WHEN NOT has_unmapped THEN difference_p(numerator, denominator, prev_numerator, prev_denominator, phi)
        END AS p_value
    FROM paired
),

ranked AS (
    SELECT *, row_number() OVER (ORDER BY p_value ASC NULLS LAST) AS place, count(*) OVER () AS cards
    FROM judged
)

SELECT
    *,
    rate(numerator, denominator) AS value,
    wilson_lo(numerator, denominator) AS lo,
    wilson_hi(numerator, denominator) AS hi,
    rate(prev_numerator, prev_denominator) AS prev_value,
    100 * (rate(numerator, denominator) - rate(prev_numerator, prev_denominator)) AS change_pp,
    100 * difference_lo(numerator, denominator, prev_numerator, prev_denominator, 1) AS change_lo,
    100 * difference_hi(numerator, denominator, prev_numerator, prev_denominator, 1) AS change_hi,
    coalesce(p_value <= max(p_value) FILTER (WHERE p_value <= 0.05 * place / cards) OVER (), false) AS is_beyond_chance
FROM ranked
ORDER BY metric
