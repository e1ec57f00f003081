-- Finds months whose promises in core.contact_attempts have no row in ptp_vintage for the load they came from. The
-- check passes if there are none.
-- Severity: ERROR, blocking
-- To do: compute the month's ptp_vintage before the month is loaded again: a missed observation cannot be recovered
-- later.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH promised AS (
    SELECT month, last_load_number, rules_version, count(*) AS promises
    FROM core.contact_attempts
    WHERE (getvariable('month') IS NULL OR month = getvariable('month')) AND in_scope AND is_promise
    GROUP BY month, last_load_number, rules_version
)

SELECT promised.month, promised.last_load_number, promised.promises
FROM promised
WHERE promised.promises <> (
    SELECT coalesce(sum(observed.promises), 0)
    FROM analytics.ptp_vintage AS observed
    WHERE
        promised.month = observed.month
        AND promised.last_load_number = observed.load_number
        AND promised.rules_version = observed.rules_version
)
