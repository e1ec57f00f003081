-- What the last re-read of each month changed, field by field, with the commonest transitions.
-- In a DuckDB shell on the warehouse: paste. label_null is a macro of the warehouse.
SELECT
    found.field,
    CASE WHEN found.field LIKE '%_at' THEN 'a time' ELSE label_null(found.old) END AS old,
    CASE WHEN found.field LIKE '%_at' THEN 'another time' ELSE label_null(found.new) END AS new,
    count(*) AS times,
    count(DISTINCT found.month) AS months
FROM raw.d23_changes AS found
INNER JOIN raw.last_loads AS last_load
    ON found.month = last_load.month AND found.load_number = last_load.load_number
WHERE found.change = 'changed'
GROUP BY ALL
ORDER BY times DESC, found.field ASC
LIMIT 15
