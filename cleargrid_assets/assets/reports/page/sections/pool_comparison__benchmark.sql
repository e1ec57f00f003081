-- Each pool of the report's month against its own three months before, the median of the channel's pools, and what the
-- channel's rates would have given it at its own mix of hours.
-- In a DuckDB shell on the warehouse: SET VARIABLE report_month = DATE '2026-05-01'; then paste.
SELECT
    benchmark.communication_type,
    benchmark.communication_type || ' × ' || benchmark.interaction_source AS pool,
    definition.name,
    benchmark.numerator,
    benchmark.denominator,
    benchmark.value,
    benchmark.change_pp,
    benchmark.change_lo,
    benchmark.change_hi,
    benchmark.median_value,
    benchmark.observed_per_expected,
    benchmark.observed_per_expected_lo,
    benchmark.observed_per_expected_hi
FROM analytics.pool_benchmark AS benchmark
INNER JOIN analytics.metric_definitions AS definition ON benchmark.metric = definition.metric
WHERE benchmark.month = getvariable('report_month')::DATE AND benchmark.denominator > 0
ORDER BY benchmark.metric, pool
