-- Finds months with a larger share of quarantined rows than CLEARGRID_QUARANTINE_LIMIT allows (default 1%). The check
-- passes if there are none. raw.d23_quarantine holds the rows with their reasons.
-- Severity: ERROR, blocking
-- To do: group raw.d23_quarantine by reasons and send ClearGrid an example of each; load the month again once ClearGrid
-- has corrected them, or raise CLEARGRID_QUARANTINE_LIMIT.
-- Observed: {share_quarantined:.2%} of the rows received are quarantined; {share_allowed:.2%} is allowed.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
-- Rows that violate the check have holds = false.
SELECT
    month,
    rows_quarantined,
    rows_received,
    coalesce(round(rows_quarantined / nullif(rows_received, 0), 4), 0) AS share_quarantined,
    coalesce(getvariable('quarantine_limit'), 0.01) AS share_allowed,
    rows_quarantined <= coalesce(getvariable('quarantine_limit'), 0.01) * rows_received AS holds
FROM raw.last_loads
WHERE getvariable('month') IS NULL OR month = getvariable('month')
