-- The last load of each of the 12 latest months, and what had changed since the load before.
-- In a DuckDB shell on the warehouse: paste.
WITH loaded AS (
    SELECT month, count(*) AS loads
    FROM raw.d23_loads
    GROUP BY month
)

SELECT
    last_load.month,
    last_load.loaded_at,
    loaded.loads > 1 AS is_reread,
    last_load.rows_landed,
    last_load.rows_added,
    last_load.rows_changed,
    last_load.rows_vanished
FROM raw.last_loads AS last_load
INNER JOIN loaded ON last_load.month = loaded.month
ORDER BY last_load.month DESC
LIMIT 12
