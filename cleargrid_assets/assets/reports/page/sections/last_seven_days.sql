-- The last 7 whole local days against the 28 before them: five rates and attempts, in total and by channel, each with
-- Newcombe's interval, the dispersion of the 12 complete weeks before, the p-value, and whether it passes
-- Benjamini-Hochberg at q = 0.05 over all cells. Nothing is compared with fewer than 7 whole days in either span, or
-- when the days were computed under two rules versions. A channel with more than 1% of attempts unmapped in either
-- span is not judged: an outcome that moves out of the map moves its rates, in either direction.
-- In a DuckDB shell on the warehouse: paste. rate, difference_lo, _hi, _p and dispersion are macros.
WITH whole_day AS (
    SELECT local_date, rules_version
    FROM analytics.loaded_days
    WHERE is_whole
),

last_day AS (
    SELECT max(local_date) AS until_date FROM whole_day
),

span AS (
    SELECT
        any_value(last_day.until_date) AS until_date,
        any_value(last_day.until_date) - 6 AS from_date,
        count(*) FILTER (WHERE whole_day.local_date > last_day.until_date - 7) AS days,
        count(*) FILTER (WHERE whole_day.local_date <= last_day.until_date - 7) AS reference_days,
        count(DISTINCT whole_day.rules_version) AS rules_versions,
        arg_max(whole_day.rules_version, whole_day.local_date) AS rules_version
    FROM whole_day
    CROSS JOIN last_day
    WHERE whole_day.local_date > last_day.until_date - 35
),

complete_week AS (
    SELECT date_trunc('week', whole_day.local_date)::DATE AS week_start_date
    FROM whole_day
    CROSS JOIN span
    WHERE
        whole_day.rules_version = span.rules_version
        AND whole_day.local_date < date_trunc('week', span.from_date)
        AND whole_day.local_date >= date_trunc('week', span.from_date) - INTERVAL 84 DAY
    GROUP BY date_trunc('week', whole_day.local_date)
    HAVING count(*) = 7
),

daily AS (
    SELECT kpi.*
    FROM analytics.kpi_daily AS kpi
    INNER JOIN whole_day ON kpi.local_date = whole_day.local_date
    WHERE
        kpi.slice IN ('all', 'channel')
        AND kpi.metric IN ('contact_rate', 'rpc_per_contact', 'ptp_per_rpc', 'refusal_per_rpc', 'settlement_per_rpc')
),

summed AS (
    SELECT
        daily.slice,
        daily.communication_type,
        daily.metric,
        coalesce(sum(daily.numerator) FILTER (WHERE daily.local_date >= span.from_date), 0)::BIGINT AS k1,
        coalesce(sum(daily.denominator) FILTER (WHERE daily.local_date >= span.from_date), 0)::BIGINT AS n1,
        coalesce(sum(daily.numerator) FILTER (WHERE daily.local_date < span.from_date), 0)::BIGINT AS k0,
        coalesce(sum(daily.denominator) FILTER (WHERE daily.local_date < span.from_date), 0)::BIGINT AS n0,
        coalesce(sum(daily.unmapped) FILTER (WHERE daily.local_date >= span.from_date), 0)::BIGINT AS unmapped1,
        coalesce(sum(daily.unmapped) FILTER (WHERE daily.local_date < span.from_date), 0)::BIGINT AS unmapped0
    FROM daily
    CROSS JOIN span
    WHERE daily.local_date >= span.from_date - 28
    GROUP BY daily.slice, daily.communication_type, daily.metric
),

weekly AS (
    SELECT
        daily.slice,
        daily.communication_type,
        daily.metric,
        sum(daily.numerator) AS k,
        sum(daily.denominator) AS n
    FROM daily
    INNER JOIN complete_week ON date_trunc('week', daily.local_date) = complete_week.week_start_date
    GROUP BY daily.slice, daily.communication_type, daily.metric, complete_week.week_start_date
    HAVING sum(daily.denominator) > 0
),

spread AS (
    SELECT
        slice,
        communication_type,
        metric,
        count(*) AS weeks,
        dispersion(count(*), sum(k), sum(n), sum(k * (k / n))) AS phi
    FROM weekly
    GROUP BY slice, communication_type, metric
),

compared AS (
    SELECT
        summed.*,
        span.from_date,
        span.until_date,
        span.days,
        span.reference_days,
        span.rules_versions,
        span.days = 7 AND span.reference_days >= 7 AND span.rules_versions = 1 AS is_compared,
        coalesce(spread.weeks, 0) AS phi_weeks,
        coalesce(spread.phi, 1) AS phi,
        max(summed.n1) FILTER (WHERE summed.metric = 'contact_rate') OVER of_channel AS attempts1,
        max(summed.n0) FILTER (WHERE summed.metric = 'contact_rate') OVER of_channel AS attempts0
    FROM summed
    CROSS JOIN span
    LEFT JOIN spread
        ON
            summed.slice = spread.slice
            AND summed.communication_type = spread.communication_type
            AND summed.metric = spread.metric
    WINDOW of_channel AS (PARTITION BY summed.slice, summed.communication_type)
),

mapped AS (
    SELECT *, unmapped1 > 0.01 * attempts1 OR unmapped0 > 0.01 * attempts0 AS has_unmapped
    FROM compared
),

judged AS (
    SELECT *, CASE WHEN is_compared AND NOT has_unmapped THEN difference_p(k1, n1, k0, n0, phi) END AS p_value
    FROM mapped
),

ranked AS (
    SELECT *, row_number() OVER (ORDER BY p_value ASC NULLS LAST) AS place, count(p_value) OVER () AS cells
    FROM judged
)

SELECT
    ranked.slice,
    ranked.communication_type,
    ranked.metric,
    definition.name,
    ranked.k1,
    ranked.n1,
    ranked.k0,
    ranked.n0,
    rate(ranked.k1, ranked.n1) AS value,
    ranked.from_date,
    ranked.until_date,
    ranked.days,
    ranked.reference_days,
    ranked.rules_versions,
    ranked.is_compared,
    ranked.attempts1,
    ranked.attempts0,
    ranked.unmapped1,
    ranked.unmapped0,
    ranked.has_unmapped,
    ranked.phi,
    ranked.phi_weeks,
    ranked.p_value,
    CASE WHEN ranked.is_compared THEN 100 * (rate(ranked.k1, ranked.n1) - rate(ranked.k0, ranked.n0)) END AS change_pp,
    CASE
        WHEN ranked.is_compared THEN 100 * difference_lo(ranked.k1, ranked.n1, ranked.k0, ranked.n0, ranked.phi)
    END AS change_lo,
    CASE
        WHEN ranked.is_compared THEN 100 * difference_hi(ranked.k1, ranked.n1, ranked.k0, ranked.n0, ranked.phi)
    END AS change_hi,
    coalesce(
        ranked.p_value
        <= max(ranked.p_value) FILTER (WHERE ranked.p_value <= 0.05 * ranked.place / ranked.cells) OVER (),
        false
    ) AS is_beyond_chance
FROM ranked
INNER JOIN analytics.metric_definitions AS definition ON ranked.metric = definition.metric
ORDER BY ranked.slice, ranked.communication_type, ranked.metric
