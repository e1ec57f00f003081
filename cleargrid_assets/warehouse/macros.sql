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

-- The instant, naive UTC, at which a date ends on the clock of a time zone.
CREATE OR REPLACE MACRO end_of_local_day(local_date, timezone) AS
(local_date + 1)::timestamp AT TIME ZONE timezone AT TIME ZONE 'UTC';

-- k of n as a share; null where n is 0.
CREATE OR REPLACE MACRO rate(k, n) AS CASE WHEN n > 0 THEN k / n END;

-- The 97.5th percentile of the normal distribution: what makes an interval hold 95%.
CREATE OR REPLACE MACRO z95() AS 1.959963984540054e0;

-- Ends of the Wilson score interval of k of n at 95%; null where n is 0.
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

-- Ends of the interval of the difference k1 / n1 - k0 / n0 at 95%; null where n1 or n0 is 0. `phi`: the dispersion, by
-- whose square root both halves are multiplied; 1 for none.
-- Newcombe, R. G. (1998), Interval estimation for the difference between independent proportions, method 10.
CREATE OR REPLACE MACRO difference_lo(k1, n1, k0, n0, phi) AS
rate(k1, n1) - rate(k0, n0)
- sqrt(phi * ((rate(k1, n1) - wilson_lo(k1, n1)) ^ 2 + (wilson_hi(k0, n0) - rate(k0, n0)) ^ 2));
CREATE OR REPLACE MACRO difference_hi(k1, n1, k0, n0, phi) AS
rate(k1, n1) - rate(k0, n0)
+ sqrt(phi * ((wilson_hi(k1, n1) - rate(k1, n1)) ^ 2 + (rate(k0, n0) - wilson_lo(k0, n0)) ^ 2));

-- The ends of kpi_change_pp, in percentage points.
CREATE OR REPLACE MACRO kpi_change_lo(compared, k1, n1, k0, n0) AS
CASE WHEN compared THEN 100 * difference_lo(k1, n1, k0, n0, 1) END;
CREATE OR REPLACE MACRO kpi_change_hi(compared, k1, n1, k0, n0) AS
CASE WHEN compared THEN 100 * difference_hi(k1, n1, k0, n0, 1) END;

-- The share of the normal distribution above z, with an error below 7.5e-8.
-- Abramowitz, M. and Stegun, I. A. (1964), Handbook of mathematical functions, 26.2.17.
CREATE OR REPLACE MACRO upper_tail_of_positive(z, t) AS
exp(-(z ^ 2) / 2) / sqrt(2 * pi())
* (t * (0.319381530e0 + t * (-0.356563782e0 + t * (1.781477937e0 + t * (-1.821255978e0 + t * 1.330274429e0)))));
CREATE OR REPLACE MACRO normal_tail(z) AS
CASE
    WHEN z < 0 THEN 1 - upper_tail_of_positive(-z, 1 / (1 - 0.2316419e0 * z))
    ELSE upper_tail_of_positive(z, 1 / (1 + 0.2316419e0 * z))
END;

-- The two-sided p-value of the difference between k1 of n1 and k0 of n0, by the pooled z-test; 1 where a count decides
-- nothing: n1 or n0 is 0, or the pooled share is 0 or 1. `phi`: the dispersion; 1 for none.
CREATE OR REPLACE MACRO difference_p(k1, n1, k0, n0, phi) AS
CASE
    WHEN n1 > 0 AND n0 > 0 AND k1 + k0 > 0 AND k1 + k0 < n1 + n0
        THEN
            least(
                1,
                2 * normal_tail(
                    abs(k1 / n1 - k0 / n0)
                    / sqrt(phi * ((k1 + k0) / (n1 + n0)) * (1 - (k1 + k0) / (n1 + n0)) * (1 / n1 + 1 / n0))
                )
            )
    ELSE 1e0
END;

-- The share of the chi-square distribution with df degrees of freedom above x; null where df is below 1.
-- Wilson, E. B. and Hilferty, M. M. (1931), The distribution of chi-square.
CREATE OR REPLACE MACRO chi_square_z(x, df) AS
CASE WHEN df >= 1 THEN ((x / df) ^ (1 / 3) - (1 - 2 / (9 * df))) / sqrt(2 / (9 * df)) END;
CREATE OR REPLACE MACRO chi_square_tail(x, df) AS normal_tail(chi_square_z(x, df));

-- How many times more a share varies from week to week than coin tosses do: sum((k - n p)^2 / (n p (1 - p))) / (W - 1)
-- over `weeks` weeks with n > 0, where p = k / n of their sums, written with the sums of k, of n and of k^2 / n. At
-- least 1; 1 with fewer than 6 weeks, and where p is 0 or 1.
CREATE OR REPLACE MACRO dispersion(weeks, k, n, k_squared_per_n) AS
CASE
    WHEN weeks >= 6 AND k > 0 AND k < n
        THEN greatest(1, (k_squared_per_n - k * (k / n)) / ((k / n) * (1 - k / n)) / (weeks - 1))
    ELSE 1e0
END;
