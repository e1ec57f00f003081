-- Finds months with a table computed under rules that are no longer in force: the outcome map, the row scope, the
-- maturity of promises, the time zone or the SQL itself has changed since. The check passes if there are none.
-- Severity: WARN
-- To do: wait a few minutes, until the sensor derived_tables_follow has computed them again; if it is stopped, run the
-- job compute_month for the months listed. Nothing is read from ClearGrid again. Until then these months are not
-- compared with others.
-- In a DuckDB shell on the warehouse: paste. The rules in force are those of SET VARIABLE rules_version = '...';
-- without it, those of the latest month.
WITH computed AS (
    SELECT month, 'core.outcome_spellings' AS computed_table, rules_version FROM core.outcome_spellings
    UNION
    SELECT month, 'core.contact_attempts' AS computed_table, rules_version FROM core.contact_attempts
    UNION
    SELECT month, 'analytics.outcome_mix' AS computed_table, rules_version FROM analytics.outcome_mix
    UNION
    SELECT month, 'analytics.agent_productivity' AS computed_table, rules_version FROM analytics.agent_productivity
    UNION
    SELECT month, 'analytics.cohort_contact' AS computed_table, rules_version FROM analytics.cohort_contact
    UNION
    SELECT month, 'analytics.calling_hours' AS computed_table, rules_version FROM analytics.calling_hours
    UNION
    SELECT month, 'analytics.kpi_monthly' AS computed_table, rules_version FROM analytics.kpi_monthly
    UNION
    SELECT month, 'analytics.kpi_daily' AS computed_table, rules_version FROM analytics.kpi_daily
),

in_force AS (
    SELECT coalesce(getvariable('rules_version'), max_by(rules_version, month)) AS rules_version
    FROM computed
)

SELECT
    computed.month,
    list_sort(list(computed.computed_table)) AS computed_tables,
    computed.rules_version,
    any_value(in_force.rules_version) AS in_force
FROM computed
CROSS JOIN in_force
WHERE computed.rules_version <> in_force.rules_version
GROUP BY computed.month, computed.rules_version
ORDER BY computed.month
