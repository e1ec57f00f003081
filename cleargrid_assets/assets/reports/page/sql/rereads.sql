-- The last load of each of the 12 latest months, and what it found changed since the load before.
-- In a DuckDB shell on the warehouse: paste.
SELECT
    month,
    max(loaded_at) AS loaded_at,
    count(*) > 1 AS is_reread,
    arg_max(rows_landed, loaded_at) AS rows_landed,
    arg_max(rows_added, loaded_at) AS rows_added,
    arg_max(rows_changed, loaded_at) AS rows_changed,
    arg_max(rows_vanished, loaded_at) AS rows_vanished
FROM raw.d23_loads
GROUP BY month
ORDER BY month DESC
LIMIT 12
