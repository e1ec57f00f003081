-- The change of each headline rate since the month before, split into what its groups' own rates added and what their
-- shares of the volume added, and the group whose rate added most: once over pools, and once over three hours of a
-- weekday. Under each grouping the parts add up to the change.
-- In a DuckDB shell on the warehouse: SET VARIABLE report_month = DATE '2026-05-01'; then paste.
SELECT
    effect.metric,
    definition.name,
    effect.grouped_by,
    any_value(effect.total_change) AS total_change,
    sum(effect.rate_effect) AS rate_effect,
    sum(effect.mix_effect) AS mix_effect,
    max_by(effect.group_name, abs(effect.rate_effect)) AS group_name,
    max_by(effect.rate_effect, abs(effect.rate_effect)) AS group_effect,
    max_by(effect.rate_effect_lo, abs(effect.rate_effect)) AS group_effect_lo,
    max_by(effect.rate_effect_hi, abs(effect.rate_effect)) AS group_effect_hi,
    max_by(effect.denominator, abs(effect.rate_effect)) AS group_denominator
FROM analytics.rate_change_decomposition AS effect
INNER JOIN analytics.metric_definitions AS definition ON effect.metric = definition.metric
WHERE
    effect.month = getvariable('report_month')::DATE
    AND effect.metric IN ('contact_rate', 'rpc_per_contact', 'ptp_per_rpc', 'refusal_per_rpc', 'settlement_per_rpc')
GROUP BY effect.metric, definition.name, effect.grouped_by
ORDER BY abs(any_value(effect.total_change)) DESC, effect.metric ASC, effect.grouped_by ASC
