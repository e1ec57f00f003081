-- Finds outcome spellings that the outcome map does not know: they are counted as attempts and in no rate.
-- No row: the claim holds. Paste each csv_line, with its classes filled in, into the file of CLEARGRID_OUTCOMES.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT
    month,
    outcome_option,
    '"' || replace(outcome_option, '"', '""') || '",unknown,unknown,' AS csv_line
FROM core.outcome_spellings
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND NOT is_mapped
    AND outcome_option IS NOT NULL
