-- Macros that the tables' SQL uses; kept in the warehouse, so that the SQL can be pasted into any shell that opened it.

-- k of n as a share; null where n is 0.
CREATE MACRO IF NOT EXISTS rate(k, n) AS CASE WHEN n > 0 THEN k / n END;

-- The 97.5th percentile of the normal distribution: what makes an interval hold 95 %.
CREATE MACRO IF NOT EXISTS z95() AS 1.959963984540054e0;

-- Ends of the Wilson score interval of k of n at 95 %; null where n is 0.
-- Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference.
CREATE MACRO IF NOT EXISTS wilson_lo(k, n) AS
CASE
    WHEN n > 0 AND k = 0 THEN 0.0e0
    WHEN n > 0 THEN (k + z95() ^ 2 / 2 - z95() * sqrt(k * (n - k) / n + z95() ^ 2 / 4)) / (n + z95() ^ 2)
END;
CREATE MACRO IF NOT EXISTS wilson_hi(k, n) AS
CASE
    WHEN n > 0 AND k = n THEN 1.0e0
    WHEN n > 0 THEN (k + z95() ^ 2 / 2 + z95() * sqrt(k * (n - k) / n + z95() ^ 2 / 4)) / (n + z95() ^ 2)
END;
