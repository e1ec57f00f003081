"""A lender's marts for tests, as the texts of their files."""

PROMISES = """-- Promises of each pool,
-- as the weekly review wants them.
-- Grain: month, interaction_source
-- Inputs: core.contact_attempts
-- Columns:
--   promises: Promises to pay made in the month.
SELECT month, interaction_source, count(*) FILTER (WHERE is_promise AND in_scope) AS promises
FROM core.contact_attempts
GROUP BY ALL;
"""
BEST_MONTH = """-- The best month of each pool.
-- Grain: interaction_source
-- Inputs: marts.promises
SELECT interaction_source, max(promises) AS promises FROM marts.promises GROUP BY ALL
"""
LARGE = """-- Pools with promises.
-- Grain: month, interaction_source
-- Inputs: marts.promises
SELECT month, interaction_source FROM marts.promises WHERE promises > 0
"""
RATES = """-- The rate that the review shows.
-- Grain: month
-- Inputs: analytics.kpi_monthly
SELECT month, value FROM analytics.kpi_monthly WHERE slice = 'all' AND metric = 'ptp_per_rpc'
"""
OBSERVED = """-- Finds pools with more promises than anybody makes.
-- Severity: WARN
-- To do: look at the pool.
-- Observed: {promises} promises, 1000 allowed.
-- In a DuckDB shell on the warehouse, paste this.
SELECT promises, promises < 1000 AS holds FROM marts.promises WHERE month = getvariable('month')
"""
CHECK = """-- Finds pools with more promises than anybody makes.
-- Severity: WARN
-- To do: look at the pool.
-- In a DuckDB shell on the warehouse, paste this.
SELECT * FROM marts.promises WHERE month = getvariable('month') AND promises > 1
"""
