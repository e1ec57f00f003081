-- Contacts per attempt and right-party contacts per contact by weekday and local hour, over the three months up to the
-- report's, in total and by channel; and in total, by three hours, the promises flagged broken within 30 days. A map is
-- judged as a whole first: Pearson's X over its cells with n >= 30, divided by the dispersion of the 12 complete weeks
-- before. A cell is compared with all other cells of its map, and marked if the map's hours differ and the cell passes
-- Benjamini-Hochberg at q = 0.05 over the map's cells.
-- In a DuckDB shell on the warehouse: SET VARIABLE report_month = DATE '2026-05-01'; then paste. rate, wilson_lo,
-- wilson_hi, difference_p and chi_square_tail are macros of the warehouse.
WITH summed AS (
    SELECT
        coalesce(communication_type, '(all)') AS communication_type,
        iso_weekday,
        local_hour,
        sum(attempts)::BIGINT AS attempts,
        sum(contacts)::BIGINT AS contacts,
        sum(rpc)::BIGINT AS rpc,
        sum(promises_aged_30d)::BIGINT AS promises_aged_30d,
        sum(broken_by_updated_at_30d)::BIGINT AS broken_by_updated_at_30d
    FROM analytics.cohort_contact
    WHERE
        month <= getvariable('report_month')::DATE
        AND month > getvariable('report_month')::DATE - INTERVAL 3 MONTH
    GROUP BY GROUPING SETS ((iso_weekday, local_hour), (iso_weekday, local_hour, communication_type))
),

cell AS (
    SELECT communication_type, 'contact_rate' AS metric, iso_weekday, local_hour, contacts AS k, attempts AS n
    FROM summed
    UNION ALL
    SELECT communication_type, 'rpc_per_contact' AS metric, iso_weekday, local_hour, rpc AS k, contacts AS n
    FROM summed
    UNION ALL
    SELECT
        communication_type,
        'broken_within_30_days' AS metric,
        iso_weekday,
        local_hour // 3 * 3 AS local_hour,
        sum(broken_by_updated_at_30d)::BIGINT AS k,
        sum(promises_aged_30d)::BIGINT AS n
    FROM summed
    WHERE communication_type = '(all)'
    GROUP BY communication_type, iso_weekday, local_hour // 3
),

spread AS (
    SELECT
        communication_type,
        metric,
        arg_max(phi, week_start_date) AS phi,
        arg_max(phi_weeks, week_start_date) AS phi_weeks
    FROM analytics.kpi_weekly
    WHERE
        slice IN ('all', 'channel') AND week_start_date <= getvariable('report_month')::DATE - INTERVAL 2 MONTH
    GROUP BY communication_type, metric
    UNION ALL
    SELECT
        '(all)' AS communication_type,
        'broken_within_30_days' AS metric,
        arg_max(phi, week_start_date) AS phi,
        arg_max(phi_weeks, week_start_date) AS phi_weeks
    FROM analytics.promise_weekly
    WHERE week_start_date <= getvariable('report_month')::DATE - INTERVAL 2 MONTH
),

map AS (
    SELECT
        communication_type,
        metric,
        sum(k) AS k,
        sum(n) AS n,
        count(*) FILTER (WHERE n > 0) AS hours,
        count(*) FILTER (WHERE n >= 30) AS cells,
        sum(k) FILTER (WHERE n >= 30) AS k_judged,
        sum(n) FILTER (WHERE n >= 30) AS n_judged,
        sum(k * (k / n)) FILTER (WHERE n >= 30) AS k_squared_per_n
    FROM cell
    GROUP BY communication_type, metric
),

judged_map AS (
    SELECT
        map.communication_type,
        map.metric,
        map.k,
        map.n,
        map.hours,
        map.cells,
        coalesce(map.n_judged / map.n, 0) AS judged_share,
        coalesce(spread.phi, 1) AS phi,
        coalesce(spread.phi_weeks, 0) AS phi_weeks,
        CASE
            WHEN map.cells > 1 AND map.k_judged > 0 AND map.k_judged < map.n_judged
                THEN
                    chi_square_tail(
                        (map.k_squared_per_n - map.k_judged * (map.k_judged / map.n_judged))
                        / ((map.k_judged / map.n_judged) * (1 - map.k_judged / map.n_judged))
                        / coalesce(spread.phi, 1),
                        map.cells - 1
                    )
        END AS map_p_value
    FROM map
    LEFT JOIN spread ON map.communication_type = spread.communication_type AND map.metric = spread.metric
),

judged AS (
    SELECT
        cell.*,
        judged_map.hours,
        judged_map.cells,
        judged_map.judged_share,
        judged_map.phi_weeks,
        judged_map.map_p_value,
        judged_map.k / judged_map.n AS map_value,
        CASE
            WHEN cell.n >= 30
                THEN difference_p(cell.k, cell.n, judged_map.k - cell.k, judged_map.n - cell.n, judged_map.phi)
        END AS p_value
    FROM cell
    INNER JOIN judged_map ON cell.communication_type = judged_map.communication_type AND cell.metric = judged_map.metric
    WHERE cell.n > 0
),

ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY communication_type, metric ORDER BY p_value ASC NULLS LAST) AS place
    FROM judged
)

SELECT
    *,
    rate(k, n) AS value,
    wilson_lo(k, n) AS lo,
    wilson_hi(k, n) AS hi,
    coalesce(
        map_p_value <= 0.05
        AND p_value
        <= max(p_value) FILTER (WHERE p_value <= 0.05 * place / cells)
            OVER (PARTITION BY communication_type, metric),
        false
    ) AS is_beyond_chance
FROM ranked
ORDER BY communication_type, metric, iso_weekday, local_hour
