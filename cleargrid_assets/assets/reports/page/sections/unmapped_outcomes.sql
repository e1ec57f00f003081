-- The commonest outcomes that the outcome map does not know, over all months.
-- In a DuckDB shell on the warehouse: paste.
SELECT
    found.raw_spellings,
    found.rows AS times,
    found.rows_landed,
    found.share,
    found.first_seen_at,
    found.last_seen_at,
    found.csv_line
FROM analytics.unmapped_outcomes AS found
ORDER BY times DESC, found.outcome_key ASC
LIMIT 20
