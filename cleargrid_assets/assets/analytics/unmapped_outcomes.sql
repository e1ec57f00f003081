-- Outcomes that the outcome map does not know, over all months and all landed rows, active or not: they count as
-- attempts and are not in any rate. Spellings with the same matching key share a row; csv_line goes into the file of
-- CLEARGRID_OUTCOMES once its two classes are filled in (`(null)` and `(no letter or digit)` have no line). An outcome
-- stays here while a class in its line is `unknown`.
-- rate, wilson_lo, wilson_hi, label_null and outcome_map_line are macros of the warehouse.
-- In a DuckDB shell on the warehouse: paste.
WITH landed AS (
    SELECT count(*) AS rows_landed FROM core.contact_attempts
),

unmapped AS (
    SELECT
        label_null(
            CASE
                WHEN attempt.outcome_option IS NOT NULL
                    THEN coalesce(nullif(spelling.outcome_key, ''), '(no letter or digit)')
            END
        ) AS outcome_key,
        label_null(attempt.outcome_option) AS raw_spelling,
        attempt.communicated_at,
        label_null(attempt.communication_type) AS communication_type,
        CASE WHEN spelling.outcome_key <> '' THEN outcome_map_line(attempt.outcome_option) END AS csv_line,
        attempt.outcome_map_version
    FROM core.contact_attempts AS attempt
    LEFT JOIN core.outcome_spellings AS spelling
        ON attempt.month = spelling.month AND attempt.outcome_option = spelling.outcome_option
    WHERE NOT attempt.is_mapped
),

counted AS (
    SELECT
        outcome_key,
        list(DISTINCT raw_spelling ORDER BY raw_spelling) AS raw_spellings,
        count(*) AS rows,
        min(communicated_at) AS first_seen_at,
        max(communicated_at) AS last_seen_at,
        list(DISTINCT communication_type ORDER BY communication_type) AS channels,
        min(csv_line) AS csv_line,
        max_by(outcome_map_version, communicated_at) AS outcome_map_version
    FROM unmapped
    GROUP BY outcome_key
)

SELECT
    counted.*,
    landed.rows_landed,
    rate(counted.rows, landed.rows_landed) AS share,
    wilson_lo(counted.rows, landed.rows_landed) AS share_lo,
    wilson_hi(counted.rows, landed.rows_landed) AS share_hi
FROM counted
CROSS JOIN landed
