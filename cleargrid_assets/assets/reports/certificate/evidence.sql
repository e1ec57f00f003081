-- What the ledger shows of a month: its last load, and the rules under which its figures were computed.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste.
SELECT
    strftime(last_load.month, '%Y-%m') AS month,
    identity.environment,
    identity.lender,
    identity.lender_public_id,
    identity.timezone,
    strftime(last_load.since, '%Y-%m-%dT%H:%M:%SZ') AS since,
    strftime(last_load.until, '%Y-%m-%dT%H:%M:%SZ') AS until,
    last_load.load_number,
    last_load.run_id,
    strftime(last_load.started_at, '%Y-%m-%dT%H:%M:%SZ') AS started_at,
    strftime(last_load.loaded_at, '%Y-%m-%dT%H:%M:%SZ') AS loaded_at,
    last_load.rows_received,
    last_load.rows_landed,
    last_load.rows_quarantined,
    last_load.duplicates_collapsed,
    last_load.rows_moved,
    coalesce(moved_away.rows, 0) AS rows_moved_away,
    last_load.expected_total,
    last_load.total_exact,
    last_load.count_request_id,
    (
        SELECT max(kpi.rules_version) FROM analytics.kpi_monthly AS kpi
        WHERE kpi.month = last_load.month
    ) AS rules_version
FROM raw.last_loads AS last_load
LEFT JOIN raw.moved_away AS moved_away ON last_load.month = moved_away.month
LEFT JOIN raw.warehouse_identity AS identity ON true
WHERE last_load.month = getvariable('month')
