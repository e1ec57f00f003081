-- Finds closed months with less than half or more than twice as many rows per day as the loaded months next to them.
-- The check passes if there are none.
-- Severity: WARN
-- To do: compare with what your agents did; if no holiday or campaign explains it, ask ClearGrid about the month.
-- Observed: {rows_per_day} rows a day, and {rows_per_day_beside} in the months beside it; half to twice that
-- is allowed.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
-- Rows that violate the check have holds = false.
WITH last_load AS (
    SELECT
        month,
        rows_landed,
        until > loaded_at AS is_open,
        rows_landed / date_diff('day', since, until) AS rows_per_day
    FROM raw.last_loads
),

beside AS (
    SELECT
        last_load.month,
        last_load.rows_per_day,
        avg(neighbour.rows_per_day) AS rows_per_day_beside
    FROM last_load
    INNER JOIN last_load AS neighbour
        ON
            neighbour.month IN (last_load.month - INTERVAL 1 MONTH, last_load.month + INTERVAL 1 MONTH)
            AND NOT neighbour.is_open
    WHERE NOT last_load.is_open AND (getvariable('month') IS NULL OR last_load.month = getvariable('month'))
    GROUP BY last_load.month, last_load.rows_per_day
)

SELECT
    month,
    round(rows_per_day, 1) AS rows_per_day,
    round(rows_per_day_beside, 1) AS rows_per_day_beside,
    rows_per_day BETWEEN 0.5 * rows_per_day_beside AND 2 * rows_per_day_beside AS holds
FROM beside
