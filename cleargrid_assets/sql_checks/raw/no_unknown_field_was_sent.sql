-- Finds months whose last load received fields that the contract does not list. The check passes if there are none. The
-- ledger keeps the names of such fields; their values are never stored.
-- Severity: WARN
-- To do: ask ClearGrid what the field is; it may deserve a column.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT month, array_to_string(unknown_fields, ', ') AS unknown_fields
FROM raw.last_loads
WHERE (getvariable('month') IS NULL OR month = getvariable('month')) AND len(unknown_fields) > 0
