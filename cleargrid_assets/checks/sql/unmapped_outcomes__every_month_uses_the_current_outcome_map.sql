-- Finds months that were computed with another outcome map than the one in use now. No row: the claim holds.
-- Their rates do not compare with the other months: backfill core/outcome_spellings and what is downstream of it for
-- the months listed. Nothing needs to be read from ClearGrid again.
-- In a DuckDB shell on the warehouse: paste. The map in use is that of SET VARIABLE outcome_map_version = '...';
-- without it, that of the latest month.
WITH computed AS (
    SELECT month, max(outcome_map_version) AS computed_with
    FROM core.outcome_spellings
    GROUP BY month
),

in_use AS (
    SELECT coalesce(getvariable('outcome_map_version'), max_by(computed_with, month)) AS outcome_map_version
    FROM computed
)

SELECT computed.month, computed.computed_with, in_use.outcome_map_version AS in_use
FROM computed
CROSS JOIN in_use
WHERE computed.computed_with <> in_use.outcome_map_version
ORDER BY computed.month
