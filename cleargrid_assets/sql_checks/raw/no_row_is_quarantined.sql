-- Finds the rows that could not be landed and are missing from every figure. The check passes if there are none.
-- quarantined_rows_are_within_the_limit fails if they are too large a share of the month.
-- Severity: WARN
-- To do: nothing today; send ClearGrid an example of each reason, and load the month again once the rows are corrected.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT month, public_id, reasons
FROM raw.d23_quarantine
WHERE getvariable('month') IS NULL OR month = getvariable('month')
