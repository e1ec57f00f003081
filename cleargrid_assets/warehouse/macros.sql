-- Macros that the tables' SQL uses; kept in the warehouse, so that the SQL can be pasted into any shell that opened it.

-- k of n as a share; null where n is 0.
CREATE MACRO IF NOT EXISTS rate(k, n) AS CASE WHEN n > 0 THEN k / n END;

-- Ends of the Wilson score interval of k of n at 95 % (z = 1.959964); null where n is 0.
-- Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference.
CREATE MACRO IF NOT EXISTS wilson_lo(k, n) AS
CASE
    WHEN n > 0 AND k > 0
        THEN greatest(
            0.0,
            (k + 1.9207294103470627e0 - 1.959963984540054e0 * sqrt(k * (n - k) / n::DOUBLE + 0.9603647051735313e0)) / (n + 3.8414588206941254e0)
        )
    WHEN n > 0 THEN 0.0
END;
CREATE MACRO IF NOT EXISTS wilson_hi(k, n) AS
CASE
    WHEN n > 0 AND k < n
        THEN least(
            1.0,
            (k + 1.9207294103470627e0 + 1.959963984540054e0 * sqrt(k * (n - k) / n::DOUBLE + 0.9603647051735313e0)) / (n + 3.8414588206941254e0)
        )
    WHEN n > 0 THEN 1.0
END;
