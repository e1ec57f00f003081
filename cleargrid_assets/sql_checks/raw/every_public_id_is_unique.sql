-- Finds ids that were landed more than once, in this month or in another one. The check passes if there are none.
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

elsewhere AS (
    SELECT other.public_id
    FROM raw.d23_manual_communication_logs AS other
    WHERE
        other.month <> getvariable('month')
        AND other.public_id IN (SELECT of_month.public_id FROM of_month)
)

SELECT logs.public_id, string_agg(logs.month::VARCHAR, ', ' ORDER BY logs.month) AS months
FROM raw.d23_manual_communication_logs AS logs
WHERE
    logs.public_id IN (SELECT twice.public_id FROM twice)
    OR logs.public_id IN (SELECT elsewhere.public_id FROM elsewhere)
GROUP BY logs.public_id
