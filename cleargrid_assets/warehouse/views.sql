-- Views of the raw tables. The warehouse stores them, so that SQL that names them can be pasted into any shell on it.

-- The last load of each month. Loads are ordered by number: a clock can be set back.
CREATE OR REPLACE VIEW raw.last_loads AS
SELECT *
FROM raw.d23_loads
QUALIFY row_number() OVER (PARTITION BY month ORDER BY load_number DESC) = 1;

-- Rows that loads of other months took from a month after its own last load.
CREATE OR REPLACE VIEW raw.moved_away AS
SELECT moved.month, count(*) AS rows
FROM raw.d23_changes AS moved
INNER JOIN raw.last_loads AS last_load ON moved.month = last_load.month AND moved.load_number > last_load.load_number
WHERE moved.change = 'moved' AND moved.field = 'month' AND moved.old = moved.month::VARCHAR
GROUP BY moved.month;

-- The version of each month's rows: the load that last changed them, its own or that of a month that took rows from it,
-- or the first load after the month's end, which makes them final. A re-read that finds nothing changed leaves it.
CREATE OR REPLACE VIEW raw.month_versions AS
SELECT month, max(load_number) AS load_number
FROM (
    SELECT month, min(load_number) AS load_number
    FROM raw.d23_loads
    GROUP BY month, loaded_at >= until
    UNION ALL
    SELECT month, max(load_number) AS load_number
    FROM raw.d23_loads
    WHERE rows_added + rows_changed + rows_vanished > 0
    GROUP BY month
    UNION ALL
    SELECT month, max(load_number) AS load_number
    FROM raw.d23_changes
    WHERE change = 'moved'
    GROUP BY month
) AS changing_loads
GROUP BY month;
