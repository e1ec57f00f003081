-- Finds adjacent months whose last loads leave a gap, which loses rows, or overlap, which counts rows twice. The check
-- passes if there are none.
-- Severity: ERROR, blocking
-- To do: check whether CLEARGRID_TIMEZONE is the zone that both months were loaded in; then load both again.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT
    earlier.month,
    earlier.until,
    later.month AS next_month,
    later.since AS next_since
FROM raw.last_loads AS earlier
INNER JOIN raw.last_loads AS later ON earlier.month + INTERVAL 1 MONTH = later.month
WHERE
    earlier.until <> later.since
    AND (
        getvariable('month') IS NULL
        OR earlier.month = getvariable('month')
        OR later.month = getvariable('month')
    )
