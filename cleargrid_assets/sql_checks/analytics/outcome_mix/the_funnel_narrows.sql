-- Finds months whose outcomes break attempts >= connected >= contacts >= rpc >= promises >= 0 (A >= K >= C >= R >= P).
-- The check passes if there are none.
-- Severity: ERROR, blocking
-- To do: correct the outcome map: it has a promise without a contact.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH counted AS (
    SELECT
        month,
        sum(attempts) AS attempts,
        coalesce(sum(attempts) FILTER (WHERE is_connected(contact_class)), 0) AS connected,
        coalesce(sum(attempts) FILTER (WHERE is_contact(contact_class)), 0) AS contacts,
        coalesce(sum(attempts) FILTER (WHERE contact_class = 'right_party'), 0) AS rpc,
        coalesce(sum(attempts) FILTER (WHERE result_class = 'promise'), 0) AS promises
    FROM analytics.outcome_mix
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
    GROUP BY month
)

SELECT *
FROM counted
WHERE NOT (
    attempts >= connected AND connected >= contacts AND contacts >= rpc AND rpc >= promises AND promises >= 0
)
