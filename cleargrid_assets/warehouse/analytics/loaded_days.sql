-- The local days of every computed month, when each ends, and whether it was over when its month's load began. A day
-- that was not is not whole, and nothing is compared with it.
-- end_of_local_day is a macro of the warehouse.
-- In a DuckDB shell on the warehouse: paste.
WITH held AS (
    SELECT DISTINCT month, load_number, rules_version FROM analytics.kpi_daily
),

calendar AS (
    SELECT
        held.month,
        held.rules_version,
        last_load.started_at,
        unnest(range(held.month, held.month + INTERVAL 1 MONTH, INTERVAL 1 DAY))::DATE AS local_date
    FROM held
    INNER JOIN raw.version_loads AS last_load
        ON held.month = last_load.month AND held.load_number = last_load.version
),

ended AS (
    SELECT
        calendar.*,
        end_of_local_day(calendar.local_date, zone.timezone) AS ends_at
    FROM calendar
    CROSS JOIN (SELECT coalesce(any_value(timezone), 'UTC') AS timezone FROM raw.warehouse_identity) AS zone
)

SELECT
    month,
    local_date,
    ends_at,
    started_at AS read_at,
    ends_at <= started_at AS is_whole,
    rules_version
FROM ended
