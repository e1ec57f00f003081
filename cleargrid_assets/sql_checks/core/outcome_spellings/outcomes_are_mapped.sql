-- Finds outcomes that the outcome map does not know: they count as attempts but not in any rate. The check passes if
-- there are none.
-- Severity: WARN
-- To do: paste each csv_line, with its two classes filled in, into the file of CLEARGRID_OUTCOMES (its first line is
-- outcome,contact_class,result_class,aliases). A sensor then computes every month under the new map. While a class is
-- `unknown`, the outcome stays unmapped. analytics.unmapped_outcomes lists them all.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT
    month,
    outcome_key,
    list(outcome_option ORDER BY outcome_option) AS raw_spellings,
    CASE WHEN outcome_key <> '' THEN min(outcome_map_line(outcome_option)) END AS csv_line
FROM core.outcome_spellings
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND NOT is_mapped
    AND outcome_option IS NOT NULL
GROUP BY month, outcome_key
