-- The open month's counts and shares, projected to its end, and the same for every closed month as it would have been
-- projected on that day of it, with the error. Whole days are divided by their completeness: the share of rows that
-- were logged by the same age, over the 8 weeks that end 7 days before the load. Every other day counts as the mean of
-- its weekday over those weeks, or as what it has already. Broken promises and edits are not projected: created_at does
-- not date them. A closed month is cut at the same time of the same day (created_at), and so are its 8 weeks.
-- rate and label_null are macros of the warehouse.
-- In a DuckDB shell on the warehouse: paste.
WITH zone AS (
    SELECT coalesce(any_value(timezone), 'UTC') AS timezone FROM raw.warehouse_identity
),

month AS (
    SELECT
        month,
        rules_version,
        any_value(read_at) AS read_at,
        max(ends_at) AS until
    FROM analytics.loaded_days
    GROUP BY month, rules_version
),

open_month AS (
    SELECT
        month.month,
        month.read_at,
        month.rules_version,
        (month.read_at AT TIME ZONE 'UTC' AT TIME ZONE zone.timezone) - month.month::TIMESTAMP AS elapsed
    FROM month
    CROSS JOIN zone
    WHERE month.month = (SELECT max(latest.month) FROM month AS latest) AND month.read_at < month.until
),

cut AS (
    SELECT
        month.month,
        month.rules_version,
        month.month = open_month.month AS is_open,
        CASE
            WHEN month.month = open_month.month THEN month.read_at
            ELSE least(
                month.until,
                (month.month::TIMESTAMP + open_month.elapsed) AT TIME ZONE zone.timezone AT TIME ZONE 'UTC'
            )
        END AS cut_at
    FROM month
    CROSS JOIN zone
    INNER JOIN open_month ON month.rules_version = open_month.rules_version
    WHERE month.month = open_month.month OR month.read_at >= month.until
),

-- The 8 weeks of each month: the 56 days before the local date of 7 days before.
windowed AS (
    SELECT
        cut.*,
        ((cut.cut_at - INTERVAL 7 DAY) AT TIME ZONE 'UTC' AT TIME ZONE zone.timezone)::DATE - 56 AS first_date,
        ((cut.cut_at - INTERVAL 7 DAY) AT TIME ZONE 'UTC' AT TIME ZONE zone.timezone)::DATE - 1 AS last_date
    FROM cut
    CROSS JOIN zone
),

target AS (
    SELECT windowed.*
    FROM windowed
    INNER JOIN analytics.loaded_days AS day
        ON
            windowed.rules_version = day.rules_version
            AND day.local_date BETWEEN windowed.first_date AND windowed.last_date
            AND day.is_whole
    GROUP BY ALL
    HAVING count(*) = 56
),

attempt AS (
    SELECT
        row.month,
        row.local_date,
        label_null(row.communication_type) AS communication_type,
        day.ends_at,
        day.rules_version,
        target.is_open OR row.created_at < target.cut_at AS is_seen,
        -- How long after the end of its day the row was logged.
        greatest(epoch_us(row.created_at) - epoch_us(day.ends_at), 0) AS overdue_us,
        coalesce(upper(row.communication_type) = 'CALL', FALSE) AS is_call,
        row.is_connected,
        row.is_contact,
        row.contact_class,
        row.is_rpc,
        row.is_promise,
        CASE WHEN row.is_rpc THEN row.result_class END AS rpc_result,
        row.is_mapped
    FROM core.contact_attempts AS row
    INNER JOIN analytics.loaded_days AS day ON row.month = day.month AND row.local_date = day.local_date
    LEFT JOIN target ON row.month = target.month
    WHERE row.in_scope
),

logged AS (
    SELECT
        month,
        local_date,
        CASE WHEN grouping(communication_type) = 1 THEN 'all' ELSE 'channel' END AS slice,
        coalesce(communication_type, '(all)') AS communication_type,
        ends_at,
        rules_version,
        is_seen,
        overdue_us,
        count(*) AS attempts,
        count(*) FILTER (WHERE is_call) AS calls,
        count(*) FILTER (WHERE is_call AND is_connected) AS calls_connected,
        count(*) FILTER (WHERE is_contact) AS contacts,
        count(*) FILTER (WHERE contact_class = 'third_party') AS third_party,
        count(*) FILTER (WHERE is_rpc) AS rpc,
        count(*) FILTER (WHERE is_promise) AS promises,
        count(*) FILTER (WHERE rpc_result = 'refusal') AS refusals,
        count(*) FILTER (WHERE rpc_result = 'settlement') AS settlements,
        count(*) FILTER (WHERE rpc_result = 'dispute') AS disputes,
        count(*) FILTER (WHERE rpc_result = 'callback') AS callbacks,
        count(*) FILTER (WHERE rpc_result = 'hardship') AS hardships,
        count(*) FILTER (WHERE NOT is_mapped) AS unmapped
    FROM attempt
    GROUP BY
        GROUPING SETS (
            (month, local_date, ends_at, rules_version, is_seen, overdue_us),
            (month, local_date, ends_at, rules_version, is_seen, overdue_us, communication_type)
        )
),

days AS (
    SELECT
        month,
        local_date,
        slice,
        communication_type,
        rules_version,
        is_seen,
        unnest(map_entries(map_from_entries([
            ('attempts', sum(attempts)),
            ('calls', sum(calls)),
            ('calls_connected', sum(calls_connected)),
            ('contacts', sum(contacts)),
            ('third_party', sum(third_party)),
            ('rpc', sum(rpc)),
            ('promises', sum(promises)),
            ('refusals', sum(refusals)),
            ('settlements', sum(settlements)),
            ('disputes', sum(disputes)),
            ('callbacks', sum(callbacks)),
            ('hardships', sum(hardships)),
            ('unmapped', sum(unmapped))
        ]))) AS counted
    FROM logged
    GROUP BY month, local_date, slice, communication_type, rules_version, is_seen
),

by_day AS (
    SELECT * EXCLUDE (counted), counted['key'] AS figure, counted['value'] AS n FROM days
),

total AS (
    SELECT
        month,
        slice,
        communication_type,
        rules_version,
        figure,
        sum(n) AS n
    FROM by_day
    GROUP BY month, slice, communication_type, rules_version, figure
),

seen AS (
    SELECT *
    FROM by_day
    WHERE is_seen
),

-- What had been logged of the 8 weeks at the cut.
before AS (
    SELECT target.month AS target_month, logged.*
    FROM target
    INNER JOIN logged
        ON
            target.rules_version = logged.rules_version
            AND logged.local_date BETWEEN target.first_date AND target.last_date
            AND (target.is_open OR epoch_us(target.cut_at) - epoch_us(logged.ends_at) > logged.overdue_us)
),

weekdays AS (
    SELECT
        target_month AS month,
        slice,
        communication_type,
        isodow(local_date) AS iso_weekday,
        unnest(map_entries(map_from_entries([
            ('attempts', sum(attempts)),
            ('calls', sum(calls)),
            ('calls_connected', sum(calls_connected)),
            ('contacts', sum(contacts)),
            ('third_party', sum(third_party)),
            ('rpc', sum(rpc)),
            ('promises', sum(promises)),
            ('refusals', sum(refusals)),
            ('settlements', sum(settlements)),
            ('disputes', sum(disputes)),
            ('callbacks', sum(callbacks)),
            ('hardships', sum(hardships)),
            ('unmapped', sum(unmapped))
        ]))) AS counted
    FROM before
    GROUP BY target_month, slice, communication_type, isodow(local_date)
),

weekday AS (
    SELECT * EXCLUDE (counted), counted['key'] AS figure, counted['value'] / 8 AS mean_n FROM weekdays
),

overdue AS (
    SELECT
        target_month AS month,
        slice,
        communication_type,
        overdue_us,
        sum(attempts) AS n
    FROM before
    GROUP BY target_month, slice, communication_type, overdue_us
),

day AS (
    SELECT
        target.month,
        days.local_date,
        days.ends_at <= target.cut_at AS is_over,
        epoch_us(target.cut_at) - epoch_us(days.ends_at) AS age_us
    FROM target
    INNER JOIN analytics.loaded_days AS days ON target.month = days.month
),

complete AS (
    SELECT
        day.month,
        day.local_date,
        overdue.slice,
        overdue.communication_type,
        sum(overdue.n) FILTER (WHERE day.age_us >= overdue.overdue_us) / sum(overdue.n) AS completeness
    FROM day
    INNER JOIN overdue ON day.month = overdue.month
    WHERE day.is_over
    GROUP BY day.month, day.local_date, overdue.slice, overdue.communication_type
),

series AS (
    SELECT month, slice, communication_type, figure FROM weekday
    UNION
    SELECT month, slice, communication_type, figure FROM seen
),

daily AS (
    SELECT
        series.month,
        series.slice,
        series.communication_type,
        series.figure,
        day.is_over,
        coalesce(seen.n, 0) AS n,
        -- Weeks without a row say nothing: what has been logged then counts as all.
        coalesce(seen.n, 0) / coalesce(complete.completeness, 1) AS completed_n,
        coalesce(weekday.mean_n, 0) AS mean_n
    FROM series
    INNER JOIN day ON series.month = day.month
    LEFT JOIN seen
        ON
            series.month = seen.month
            AND day.local_date = seen.local_date
            AND series.slice = seen.slice
            AND series.communication_type = seen.communication_type
            AND series.figure = seen.figure
    LEFT JOIN complete
        ON
            series.month = complete.month
            AND day.local_date = complete.local_date
            AND series.slice = complete.slice
            AND series.communication_type = complete.communication_type
    LEFT JOIN weekday
        ON
            series.month = weekday.month
            AND isodow(day.local_date) = weekday.iso_weekday
            AND series.slice = weekday.slice
            AND series.communication_type = weekday.communication_type
            AND series.figure = weekday.figure
),

projected AS (
    SELECT
        month,
        slice,
        communication_type,
        figure,
        sum(n) AS so_far,
        sum(CASE WHEN is_over THEN completed_n ELSE greatest(n, mean_n) END) AS projected,
        sum(n) FILTER (WHERE is_over) / nullif(sum(completed_n) FILTER (WHERE is_over), 0) AS completeness
    FROM daily
    GROUP BY month, slice, communication_type, figure
),

counts AS (
    SELECT
        projected.month,
        projected.slice,
        projected.communication_type,
        projected.figure,
        target.is_open,
        target.cut_at,
        target.rules_version,
        projected.completeness,
        projected.so_far,
        projected.projected,
        CASE WHEN NOT target.is_open THEN coalesce(it.n, 0) END AS final,
        before_it.n AS previous
    FROM projected
    INNER JOIN target ON projected.month = target.month
    LEFT JOIN total AS it
        ON
            projected.month = it.month
            AND projected.slice = it.slice
            AND projected.communication_type = it.communication_type
            AND projected.figure = it.figure
    LEFT JOIN total AS before_it
        ON
            before_it.month = projected.month - INTERVAL 1 MONTH
            AND target.rules_version = before_it.rules_version
            AND projected.slice = before_it.slice
            AND projected.communication_type = before_it.communication_type
            AND projected.figure = before_it.figure
),

shares AS (
    SELECT
        k.month,
        k.slice,
        k.communication_type,
        definition.metric AS figure,
        k.is_open,
        k.cut_at,
        k.rules_version,
        k.completeness,
        rate(k.so_far, n.so_far) AS so_far,
        rate(k.projected, n.projected) AS projected,
        rate(k.final, n.final) AS final,
        rate(k.previous, n.previous) AS previous
    FROM analytics.metric_definitions AS definition
    INNER JOIN counts AS k ON definition.numerator = k.figure
    INNER JOIN counts AS n
        ON
            definition.denominator = n.figure
            AND k.month = n.month
            AND k.slice = n.slice
            AND k.communication_type = n.communication_type
    WHERE definition.supported AND definition.compared AND definition.unit = 'share'
),

figured AS (
    SELECT 'count' AS unit, counts.* FROM counts
    UNION ALL
    SELECT 'share' AS unit, shares.* FROM shares
),

erred AS (
    SELECT
        *,
        abs(projected - final) AS abs_error,
        abs(previous - final) AS previous_abs_error,
        abs(projected - final) IS NOT NULL AND abs(previous - final) IS NOT NULL AS is_backtest
    FROM figured
)

SELECT
    month,
    slice,
    communication_type,
    figure,
    unit,
    is_open,
    cut_at,
    completeness,
    so_far::DOUBLE AS so_far,
    projected,
    final::DOUBLE AS final,
    previous::DOUBLE AS previous,
    abs_error,
    previous_abs_error::DOUBLE AS previous_abs_error,
    count(*) FILTER (WHERE is_backtest) OVER of_figure AS backtests,
    quantile_cont(abs_error, 0.5) FILTER (WHERE is_backtest) OVER of_figure AS median_abs_error,
    quantile_cont(previous_abs_error, 0.5) FILTER (WHERE is_backtest) OVER of_figure AS previous_median_abs_error,
    rules_version
FROM erred
WINDOW of_figure AS (PARTITION BY slice, communication_type, figure)
