-- Finds pool days with no active hour, with more active hours than the day has hours or the pool has attempts, or with
-- a last attempt before the first. The check passes if there are none.
-- Severity: ERROR, blocking
-- To do: this is a bug in cleargrid_assets; report it with these rows.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT *
FROM analytics.agent_productivity
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND NOT (active_hours BETWEEN 1 AND least(attempts, 24) AND first_at <= last_at)
