-- The month's last load, what its tables hold now, and digests of its rows: what a certificate says of the month.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste.
--
-- public_ids_digest: SHA-256 of the month's public ids in their order, joined by line feeds.
-- rows_digest: each row as a JSON array of its nine fields, times in UTC with six decimals; SHA-256 of each array as
-- lower-case hexadecimal; SHA-256 of these in the order of public_id, joined by line feeds.
-- A month without a row has the SHA-256 of an empty text, e3b0c442...
WITH landed AS (
    SELECT
        public_id,
        json_array(
            public_id,
            communication_type,
            interaction_source,
            outcome_option,
            is_active,
            is_ptp_broken,
            strftime(communicated_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
            strftime(created_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
            strftime(updated_at, '%Y-%m-%dT%H:%M:%S.%fZ')
        )::VARCHAR AS fields
    FROM raw.d23_manual_communication_logs
    WHERE month = getvariable('month')
),

digests AS (
    SELECT
        count(*) AS rows_in_the_warehouse,
        sha256(coalesce(string_agg(public_id, chr(10) ORDER BY public_id), '')) AS public_ids_digest,
        sha256(coalesce(string_agg(sha256(fields), chr(10) ORDER BY public_id, fields), '')) AS rows_digest
    FROM landed
)

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
    digests.rows_in_the_warehouse,
    last_load.expected_total,
    last_load.total_exact,
    last_load.count_request_id,
    digests.public_ids_digest,
    digests.rows_digest,
    (
        SELECT max(kpi.rules_version) FROM analytics.kpi_monthly AS kpi
        WHERE kpi.month = last_load.month
    ) AS rules_version
FROM raw.last_loads AS last_load
CROSS JOIN digests
LEFT JOIN raw.moved_away AS moved_away ON last_load.month = moved_away.month
LEFT JOIN raw.warehouse_identity AS identity ON true
WHERE last_load.month = getvariable('month')
