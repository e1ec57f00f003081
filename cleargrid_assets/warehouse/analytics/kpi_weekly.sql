-- The shares of each ISO week as sums of analytics.kpi_daily, over all months, and the difference from the four weeks
-- before: Newcombe's interval and the p-value of a pooled z-test, widened by the dispersion of the 12 weeks before.
-- Only weeks under the same rules are compared. Broken promises and edits are not: older rows have had
-- more time to break or to be edited.
-- rate, wilson_lo, wilson_hi, kpi_change_pp, difference_lo, _hi, _p and dispersion are macros of the warehouse.
-- In a DuckDB shell on the warehouse: paste.
WITH week AS (
    SELECT
        date_trunc('week', local_date)::DATE AS week_start_date,
        CASE WHEN min(rules_version) = max(rules_version) THEN min(rules_version) END AS rules_version,
        count(*) FILTER (WHERE is_whole) AS days
    FROM analytics.loaded_days
    GROUP BY date_trunc('week', local_date)
),

known_week AS (
    SELECT
        week_start_date,
        rules_version,
        days,
        days = 7 AS is_complete,
        coalesce(sum(days) OVER four_before, 0)::BIGINT AS reference_days
    FROM week
    WINDOW
        four_before AS (
            PARTITION BY rules_version ORDER BY week_start_date
            RANGE BETWEEN INTERVAL 28 DAY PRECEDING AND INTERVAL 7 DAY PRECEDING
        )
),

summed AS (
    SELECT
        date_trunc('week', local_date)::DATE AS week_start_date,
        slice,
        communication_type,
        interaction_source,
        metric,
        sum(numerator)::BIGINT AS numerator,
        sum(denominator)::BIGINT AS denominator,
        sum(unmapped)::BIGINT AS unmapped
    FROM analytics.kpi_daily
    GROUP BY date_trunc('week', local_date), slice, communication_type, interaction_source, metric
),

judged AS (
    SELECT
        summed.*,
        known_week.rules_version,
        known_week.days,
        known_week.is_complete,
        known_week.reference_days,
        known_week.is_complete AND known_week.reference_days >= 7 AND known_week.rules_version IS NOT NULL
        AND definition.compared AS is_compared,
        known_week.is_complete AND summed.denominator > 0 AS varies,
        summed.numerator * (summed.numerator / nullif(summed.denominator, 0)) AS k_squared_per_n
    FROM summed
    INNER JOIN known_week ON summed.week_start_date = known_week.week_start_date
    INNER JOIN analytics.metric_definitions AS definition ON summed.metric = definition.metric
),

referred AS (
    SELECT
        *,
        coalesce(sum(numerator) OVER four_before, 0)::BIGINT AS reference_numerator,
        coalesce(sum(denominator) OVER four_before, 0)::BIGINT AS reference_denominator,
        count(*) FILTER (WHERE varies) OVER twelve_before AS phi_weeks,
        dispersion(
            count(*) FILTER (WHERE varies) OVER twelve_before,
            sum(numerator) FILTER (WHERE varies) OVER twelve_before,
            sum(denominator) FILTER (WHERE varies) OVER twelve_before,
            sum(k_squared_per_n) FILTER (WHERE varies) OVER twelve_before
        ) AS phi
    FROM judged
    WINDOW
        four_before AS (
            PARTITION BY slice, communication_type, interaction_source, metric, rules_version ORDER BY week_start_date
            RANGE BETWEEN INTERVAL 28 DAY PRECEDING AND INTERVAL 7 DAY PRECEDING
        ),
        twelve_before AS (
            PARTITION BY slice, communication_type, interaction_source, metric, rules_version ORDER BY week_start_date
            RANGE BETWEEN INTERVAL 84 DAY PRECEDING AND INTERVAL 7 DAY PRECEDING
        )
)

SELECT
    week_start_date,
    strftime(week_start_date, '%G-W%V') AS iso_week,
    slice,
    communication_type,
    interaction_source,
    metric,
    numerator,
    denominator,
    rate(numerator, denominator) AS value,
    wilson_lo(numerator, denominator) AS lo,
    wilson_hi(numerator, denominator) AS hi,
    unmapped,
    days,
    is_complete,
    reference_days,
    reference_numerator,
    reference_denominator,
    rate(reference_numerator, reference_denominator) AS reference_value,
    kpi_change_pp(
        is_compared, rate(numerator, denominator), rate(reference_numerator, reference_denominator)
    ) AS change_pp,
    CASE
        WHEN is_compared
            THEN 100 * difference_lo(numerator, denominator, reference_numerator, reference_denominator, phi)
    END AS change_lo,
    CASE
        WHEN is_compared
            THEN 100 * difference_hi(numerator, denominator, reference_numerator, reference_denominator, phi)
    END AS change_hi,
    phi,
    phi_weeks,
    CASE
        WHEN is_compared THEN difference_p(numerator, denominator, reference_numerator, reference_denominator, phi)
    END AS p_value,
    rules_version
FROM referred
