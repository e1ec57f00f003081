-- Finds rows that break attempts >= connected >= contacts >= rpc >= promises >= 0 (A >= K >= C >= R >= P).
-- No row: the claim holds. A row points at an outcome map that calls a promise something else than right party.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT *
FROM analytics.agent_productivity
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND NOT coalesce(
        attempts >= connected AND connected >= contacts AND contacts >= rpc AND rpc >= promises AND promises >= 0,
        FALSE
    )
