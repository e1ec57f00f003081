-- Finds months whose last load breaks the conservation law, rows received = landed + quarantined + duplicates
-- collapsed, or whose tables hold other counts than the ledger says. No row: the claim holds.
-- To do: load the month again; if it stays red, report it: a defect of cleargrid_assets.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
WITH counted AS (
    SELECT
        last_load.month,
        last_load.rows_received,
        last_load.rows_landed,
        last_load.rows_quarantined,
        last_load.duplicates_collapsed,
        (
            SELECT count(*) FROM raw.d23_manual_communication_logs AS logs
            WHERE logs.month = last_load.month
        ) AS rows_in_the_table,
        (
            SELECT count(*) FROM raw.d23_quarantine AS quarantined
            WHERE quarantined.month = last_load.month
        ) AS rows_in_quarantine
    FROM raw.last_loads AS last_load
    WHERE getvariable('month') IS NULL OR last_load.month = getvariable('month')
)

SELECT *
FROM counted
WHERE
    rows_received <> rows_landed + rows_quarantined + duplicates_collapsed
    OR rows_landed <> rows_in_the_table
    OR rows_quarantined <> rows_in_quarantine
