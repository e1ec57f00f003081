-- Finds rows that break attempts >= connected >= contacts >= rpc >= promises >= 0 (A >= K >= C >= R >= P). The check
-- passes if there are none.
-- Severity: ERROR, blocking
-- To do: correct the outcome map: it classifies a promise as something other than right party.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT *
FROM analytics.cohort_contact
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND NOT coalesce(
        attempts >= connected AND connected >= contacts AND contacts >= rpc AND rpc >= promises AND promises >= 0,
        FALSE
    )
