-- Finds channels and interaction sources that occur in no other month. The check passes if there are none. It also
-- passes if the warehouse has only one month. Only what the months before and after do not have is looked up in all
-- others.
-- Severity: WARN
-- To do: ask ClearGrid whether the value is intended; if so, do nothing: the value is known from next month on.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH nearby AS (
    SELECT month, communication_type, interaction_source
    FROM raw.d23_manual_communication_logs
    WHERE
        getvariable('month') IS NULL
        OR month BETWEEN getvariable('month')::DATE - INTERVAL 1 MONTH AND getvariable('month')::DATE + INTERVAL 1 MONTH
),

values_seen AS (
    SELECT DISTINCT month, 'communication_type' AS field, communication_type AS new_value
    FROM nearby
    UNION ALL
    SELECT DISTINCT month, 'interaction_source' AS field, interaction_source AS new_value
    FROM nearby
),

in_one_month AS (
    SELECT field, new_value, min(month) AS month
    FROM values_seen
    GROUP BY field, new_value
    HAVING count(*) = 1 AND (getvariable('month') IS NULL OR min(month) = getvariable('month'))
),

known AS (
    SELECT candidate.field, candidate.new_value
    FROM in_one_month AS candidate
    INNER JOIN raw.d23_manual_communication_logs AS other
        ON candidate.new_value IS NOT DISTINCT FROM other.communication_type AND candidate.month <> other.month
    WHERE candidate.field = 'communication_type'
    UNION
    SELECT candidate.field, candidate.new_value
    FROM in_one_month AS candidate
    INNER JOIN raw.d23_manual_communication_logs AS other
        ON candidate.new_value IS NOT DISTINCT FROM other.interaction_source AND candidate.month <> other.month
    WHERE candidate.field = 'interaction_source'
)

SELECT candidate.field, candidate.new_value, candidate.month
FROM in_one_month AS candidate
LEFT JOIN known
    ON candidate.field = known.field AND candidate.new_value IS NOT DISTINCT FROM known.new_value
WHERE
    known.field IS NULL
    AND CASE
        WHEN getvariable('month') IS NULL THEN (SELECT count(DISTINCT values_seen.month) > 1 FROM values_seen)
        ELSE EXISTS (
            SELECT 1 FROM raw.d23_manual_communication_logs AS other
            WHERE other.month <> getvariable('month')
        )
    END
