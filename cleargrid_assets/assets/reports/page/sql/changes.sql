-- What the last re-read of each month changed, field by field, with the commonest transitions.
-- In a DuckDB shell on the warehouse: paste.
WITH last_load AS (
    SELECT month, max(loaded_at) AS loaded_at
    FROM raw.d23_loads
    GROUP BY month
)

SELECT
    found.field,
    CASE WHEN found.field LIKE '%_at' THEN 'a time' ELSE coalesce(found.old, '(null)') END AS old,
    CASE WHEN found.field LIKE '%_at' THEN 'another time' ELSE coalesce(found.new, '(null)') END AS new,
    count(*) AS times,
    count(DISTINCT found.month) AS months
FROM raw.d23_changes AS found
INNER JOIN last_load ON found.month = last_load.month AND found.observed_at = last_load.loaded_at
WHERE found.change = 'changed'
GROUP BY ALL
ORDER BY times DESC, found.field ASC
LIMIT 15
