-- Views of the ledger; kept in the warehouse, so that SQL that names them can be pasted into any shell that opened it.

-- The last load of each month. Loads are ordered by number: a clock can be set back.
CREATE OR REPLACE VIEW raw.last_loads AS
SELECT *
FROM raw.d23_loads
QUALIFY row_number() OVER (PARTITION BY month ORDER BY load_number DESC) = 1;

-- The version of each month's rows: the load that last changed them, or the first load after the month's end, which
-- makes them final. A re-read that finds nothing changed leaves it.
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
) AS changing_loads
GROUP BY month;
