-- The open month's figures so far and projected, with the error of such projections on past months, for the figures
-- that the report shows; those that last month's figure would have missed by less are left out.
-- In a DuckDB shell on the warehouse: paste.
SELECT
    projection.month,
    CASE projection.figure
        WHEN 'rpc' THEN 'RPC'
        ELSE coalesce(definition.name, upper(projection.figure[1]) || projection.figure[2:])
    END AS name,
    projection.unit,
    projection.so_far,
    projection.projected,
    projection.previous,
    projection.backtests,
    projection.median_abs_error
FROM analytics.month_projection AS projection
LEFT JOIN analytics.metric_definitions AS definition ON projection.figure = definition.metric
WHERE
    projection.is_open
    AND projection.slice = 'all'
    AND projection.figure IN (
        'attempts', 'contacts', 'rpc', 'promises', 'contact_rate', 'rpc_per_contact', 'ptp_per_rpc',
        'refusal_per_rpc', 'settlement_per_rpc'
    )
    AND projection.backtests > 0
    AND projection.median_abs_error <= projection.previous_median_abs_error
ORDER BY projection.unit ASC, projection.projected DESC, projection.figure ASC
