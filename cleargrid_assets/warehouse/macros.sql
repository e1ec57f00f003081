-- Macros of the tables' SQL. The warehouse stores them, so that the SQL can be pasted into any shell that opens it.

-- Whether a row counts in figures: the active rows do, and all rows with SET VARIABLE row_scope = 'all'.
CREATE OR REPLACE MACRO is_in_scope(is_active) AS is_active OR coalesce(getvariable('row_scope') = 'all', FALSE);

-- The funnel by contact class: somebody or something answered; a person answered.
CREATE OR REPLACE MACRO is_connected(contact_class) AS contact_class NOT IN ('no_connect', 'unknown');
CREATE OR REPLACE MACRO is_contact(contact_class) AS contact_class IN (
    'live_unidentified', 'third_party', 'right_party'
);

-- A value as a label: `(null)` where none was sent.
CREATE OR REPLACE MACRO label_null(value) AS coalesce(value, '(null)');

-- k of n as a share; null where n is 0.
CREATE OR REPLACE MACRO rate(k, n) AS CASE WHEN n > 0 THEN k / n END;

-- The 97.5th percentile of the normal distribution: what makes an interval hold 95 %.
CREATE OR REPLACE MACRO z95() AS 1.959963984540054e0;

-- Ends of the Wilson score interval of k of n at 95 %; null where n is 0.
-- Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference.
CREATE OR REPLACE MACRO wilson_lo(k, n) AS
CASE
    WHEN n > 0 AND k = 0 THEN 0.0e0
    WHEN n > 0 THEN (k + z95() ^ 2 / 2 - z95() * sqrt(k * (n - k) / n + z95() ^ 2 / 4)) / (n + z95() ^ 2)
END;
CREATE OR REPLACE MACRO wilson_hi(k, n) AS
CASE
    WHEN n > 0 AND k = n THEN 1.0e0
    WHEN n > 0 THEN (k + z95() ^ 2 / 2 + z95() * sqrt(k * (n - k) / n + z95() ^ 2 / 4)) / (n + z95() ^ 2)
END;

-- Change of a share against the month before, in percentage points. `compared` is a column of the metric's definition.
CREATE OR REPLACE MACRO kpi_change_pp(compared, value, prev_value) AS
CASE WHEN compared THEN 100 * (value - prev_value) END;

-- A spelling as one line of an outcome map's file: outcome, contact_class, result_class, aliases.
-- Characters that separate aliases, cells or lines, or that make a formula of a cell for a spreadsheet, become spaces;
-- a dash does so only where a cell would begin with it. The matching key does not look at them.
CREATE OR REPLACE MACRO csv_field(said) AS
CASE WHEN regexp_matches(said, '[",]') THEN '"' || replace(said, '"', '""') || '"' ELSE said END;
CREATE OR REPLACE MACRO outcome_map_line(spelling) AS
lower(trim(regexp_replace(spelling, '[^\p{L}\p{M}\p{N}]+', '_', 'g'), '_'))
|| ',unknown,unknown,'
|| csv_field(trim(regexp_replace(regexp_replace(spelling, '[|;=+@＝＋＠\pZ\pC]+', ' ', 'g'), '^[-－ ]+', '')));

-- A digest of distinct ids, whatever their order: their number and the sum of their hashes. A newer DuckDB may hash in
-- another way; a digest then proves nothing, and the ids are looked up.
CREATE OR REPLACE MACRO ids_digest(public_id) AS count(public_id) || ':' || coalesce(sum(hash(public_id)), 0);
