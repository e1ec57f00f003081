-- Each pool of the report's month against its own three months before, the median of the channel's pools, and what the
-- channel's rates would have given it at its own mix of hours. Pools with n >= 30 are judged: both comparisons have a
-- p-value with the dispersion of the 12 complete weeks before the month, and are marked if they pass Benjamini-Hochberg
-- at q = 0.05 over all comparisons of the table. What a pool is expected to do includes its own rows: of n rows of the
-- channel's N, (1 - n / N) is left of the variance, as in the pooled test of a pool against the others.
-- In a DuckDB shell on the warehouse: SET VARIABLE report_month = DATE '2026-05-01'; then paste. difference_p and
-- normal_tail are macros of the warehouse.
WITH pool AS (
    SELECT
        *,
        sum(denominator) OVER (PARTITION BY communication_type, metric) AS channel_denominator
    FROM analytics.pool_benchmark
    WHERE month = getvariable('report_month')::DATE AND denominator > 0
),

spread AS (
    SELECT communication_type, interaction_source, metric, phi, phi_weeks
    FROM analytics.kpi_weekly
    WHERE slice = 'channel x source' AND week_start_date = date_trunc('week', getvariable('report_month')::DATE)
),

varied AS (
    SELECT
        pool.*,
        coalesce(spread.phi, 1) AS phi,
        coalesce(spread.phi_weeks, 0) AS phi_weeks
    FROM pool
    LEFT JOIN spread
        ON
            pool.communication_type = spread.communication_type
            AND pool.interaction_source = spread.interaction_source
            AND pool.metric = spread.metric
),

judged AS (
    SELECT
        *,
        CASE
            WHEN denominator >= 30 AND own_denominator > 0
                THEN difference_p(numerator, denominator, own_numerator, own_denominator, phi)
        END AS own_p_value,
        CASE
            WHEN denominator >= 30 AND expected < denominator AND denominator < channel_denominator
                THEN
                    least(
                        1,
                        2 * normal_tail(
                            abs(numerator - expected)
                            / sqrt(
                                phi * expected * (1 - expected / denominator) * (1 - denominator / channel_denominator)
                            )
                        )
                    )
        END AS expected_p_value
    FROM varied
),

comparison AS (
    SELECT unnest([own_p_value, expected_p_value]) AS p_value
    FROM judged
),

ranked AS (
    SELECT
        p_value,
        row_number() OVER (ORDER BY p_value) AS place,
        count(*) OVER () AS comparisons
    FROM comparison
    WHERE p_value IS NOT NULL
),

passed AS (
    SELECT max(p_value) FILTER (WHERE p_value <= 0.05 * place / comparisons) AS largest_p_value
    FROM ranked
)

SELECT
    judged.communication_type,
    judged.communication_type || ' × ' || judged.interaction_source AS pool,
    definition.name,
    judged.numerator,
    judged.denominator,
    judged.value,
    judged.own_numerator,
    judged.own_denominator,
    judged.change_pp,
    judged.change_lo,
    judged.change_hi,
    judged.median_value,
    judged.observed_per_expected,
    judged.observed_per_expected_lo,
    judged.observed_per_expected_hi,
    judged.phi,
    judged.phi_weeks,
    judged.expected,
    judged.channel_denominator,
    judged.own_p_value,
    judged.expected_p_value,
    coalesce(judged.own_p_value <= passed.largest_p_value, FALSE) AS own_is_beyond_chance,
    coalesce(judged.expected_p_value <= passed.largest_p_value, FALSE) AS expected_is_beyond_chance
FROM judged
CROSS JOIN passed
INNER JOIN analytics.metric_definitions AS definition ON judged.metric = definition.metric
ORDER BY judged.metric, pool
