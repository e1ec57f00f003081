-- Finds ids that were landed more than once, in this month or in another one. The check passes if there are none.
-- A load looks up what it adds in all other months, and keeps a digest of the month's ids if it finds none of them
-- there. While the ids still have that digest, this check does not look them up again: an id that somebody adds to
-- another month by hand is found by the check of that month.
-- Severity: ERROR, blocking
-- To do: load the other listed month again, then this one; if the check stays red, report it: a load takes over rows
-- that ClearGrid moved to another month.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH of_month AS (
    SELECT public_id, month
    FROM raw.d23_manual_communication_logs
    WHERE getvariable('month') IS NULL OR month = getvariable('month')
),

twice AS (
    SELECT public_id
    FROM of_month
    GROUP BY public_id
    HAVING count(*) > 1
),

unproven AS (
    SELECT of_month.public_id
    FROM of_month
    WHERE
        NOT EXISTS (
            SELECT 1
            FROM raw.last_loads AS last_load
            WHERE
                last_load.month = getvariable('month')
                AND last_load.ids_digest = (SELECT ids_digest(digested.public_id) FROM of_month AS digested)
        )
),

elsewhere AS (
    SELECT other.public_id
    FROM raw.d23_manual_communication_logs AS other
    WHERE
        other.month <> getvariable('month')
        AND other.public_id IN (SELECT unproven.public_id FROM unproven)
),

offending AS (
    SELECT twice.public_id FROM twice
    UNION
    SELECT elsewhere.public_id FROM elsewhere
)

SELECT logs.public_id, string_agg(logs.month::VARCHAR, ', ' ORDER BY logs.month) AS months
FROM raw.d23_manual_communication_logs AS logs
WHERE logs.public_id IN (SELECT offending.public_id FROM offending)
GROUP BY logs.public_id
