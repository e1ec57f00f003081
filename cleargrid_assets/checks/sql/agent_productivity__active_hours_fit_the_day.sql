-- Finds pool days with no active hour, more active hours than a day or their attempts have, or a last attempt before
-- the first. No row: the claim holds. A row is a defect of cleargrid_assets: report it.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT *
FROM analytics.agent_productivity
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND NOT (active_hours BETWEEN 1 AND least(attempts, 24) AND first_at <= last_at)
