-- Finds rows that break attempts >= time_known >= outside_early + outside_late >= 0, or whose share is outside its
-- interval. The check passes if there are none.
-- Severity: ERROR, blocking
-- To do: this is a bug in cleargrid_assets; report it with these rows.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT *
FROM analytics.calling_hours
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND NOT (
        attempts >= time_known
        AND time_known >= outside_early + outside_late
        AND outside_early >= 0
        AND outside_late >= 0
        AND coalesce(
            0 <= outside_share_lo
            AND outside_share_lo <= outside_share
            AND outside_share <= outside_share_hi
            AND outside_share_hi <= 1,
            time_known = 0
        )
    )
