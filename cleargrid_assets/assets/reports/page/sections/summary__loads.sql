-- The last load of every loaded month: its end, rows, quarantined rows, and whether it began after the month's end.
-- In a DuckDB shell on the warehouse: paste.
SELECT
    month,
    loaded_at,
    rows_landed,
    rows_quarantined,
    loaded_at >= until AS is_read_since_it_closed
FROM raw.last_loads
ORDER BY month
