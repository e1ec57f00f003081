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

-- The loads that changed a month's rows: its own, those of other months that took rows from it, its first load, and the
-- first one after its end, which makes the rows final.
CREATE OR REPLACE VIEW raw.changing_loads AS
SELECT month, min(load_number) AS load_number
FROM raw.d23_loads
GROUP BY month, loaded_at >= until
UNION
SELECT month, load_number
FROM raw.d23_loads
WHERE rows_added + rows_changed + rows_vanished > 0
UNION
SELECT month, load_number
FROM raw.d23_changes
WHERE change = 'moved';

-- The version of each month's rows: the load that last changed them. A re-read that finds nothing changed leaves it.
CREATE OR REPLACE VIEW raw.month_versions AS
SELECT month, max(load_number) AS load_number
FROM raw.changing_loads
GROUP BY month;

-- The last load that found each version of a month's rows, with its time: figures that depend on time are as of it.
CREATE OR REPLACE VIEW raw.version_loads AS
WITH version AS (
    SELECT
        month,
        load_number,
        lead(load_number) OVER (PARTITION BY month ORDER BY load_number) AS next_load_number
    FROM raw.changing_loads
)

SELECT
    version.month,
    version.load_number AS version,
    max(found.load_number) AS load_number,
    max_by(found.started_at, found.load_number) AS started_at,
    max_by(found.loaded_at, found.load_number) AS loaded_at,
    max_by(found.until, found.load_number) AS until
FROM version
INNER JOIN raw.d23_loads AS found
    ON
        version.month = found.month
        AND (version.next_load_number IS NULL OR version.next_load_number > found.load_number)
GROUP BY version.month, version.load_number;
