-- Finds months whose promises in core.contact_attempts have no row in ptp_vintage for the last load that found them.
-- The check passes if there are none.
-- Severity: ERROR, blocking
-- To do: compute the month's ptp_vintage before the month is loaded again: a missed observation cannot be recovered
-- later.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH promised AS (
    SELECT attempt.month, last_load.load_number, attempt.rules_version, count(*) AS promises
    FROM core.contact_attempts AS attempt
    INNER JOIN raw.version_loads AS last_load
        ON attempt.month = last_load.month AND attempt.load_number = last_load.version
    WHERE
        (getvariable('month') IS NULL OR attempt.month = getvariable('month'))
        AND attempt.in_scope
        AND attempt.is_promise
    GROUP BY attempt.month, last_load.load_number, attempt.rules_version
)

SELECT promised.month, promised.load_number, promised.promises
FROM promised
WHERE promised.promises <> (
    SELECT coalesce(sum(observed.promises), 0)
    FROM analytics.ptp_vintage AS observed
    WHERE
        promised.month = observed.month
        AND promised.load_number = observed.load_number
        AND promised.rules_version = observed.rules_version
)
