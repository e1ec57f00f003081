"""Small tables of VALUES for the checks on derived tables: SELECTs of their columns, without the month."""

from __future__ import annotations

LANDED = "raw.d23_manual_communication_logs"
ATTEMPTS = "core.contact_attempts"
LOADS = "raw.version_loads"
VINTAGES = "analytics.ptp_vintage"
TWO_LANDED = "('a', true), ('b', true), ('c', false)) AS t(public_id, is_active)"
ROW = "TIMESTAMP '2026-05-02' AS communicated_at, TIMESTAMP '2026-05-02' AS updated_at, false AS is_ptp_broken"
RATES = ("contact_rate", "rpc_per_contact", "ptp_per_rpc")
COHORT_RATES = ("connect_rate", *RATES, "rpc_per_attempt", "ptp_per_attempt")
FUNNEL = ("attempts", "connected", "contacts", "rpc", "promises")
SLICE = "'all' AS slice, '(all)' AS communication_type, '(all)' AS interaction_source"
LOCAL = (
    "SELECT public_id, communicated_at, local_at, local_at::DATE AS local_date FROM (VALUES "
    "('a', TIMESTAMP '2026-05-01', TIMESTAMP '{first}'), ('b', TIMESTAMP '2026-05-31', TIMESTAMP '{last}')"
    ") AS t(public_id, communicated_at, local_at)"
)


def landed() -> str:
    return f"SELECT *, {ROW} FROM (VALUES {TWO_LANDED}"


def attempts(number: int) -> str:
    return f"SELECT {number} AS attempts"


def funnel(*counts: int) -> str:
    return "SELECT " + ", ".join(f"{count} AS {name}" for name, count in zip(FUNNEL, counts, strict=True))


def rates(names: tuple[str, ...], low: str, value: str, high: str, *, only: str = "") -> str:
    """All rates, or only one of them, with these values; the others are null."""
    known = {name: (low, value, high) for name in names if only in ("", name)}
    intervals = {name: known.get(name, ("NULL", "NULL", "NULL")) for name in names}
    return "SELECT " + ", ".join(
        f"{lo}::DOUBLE AS {name}_lo, {each}::DOUBLE AS {name}, {hi}::DOUBLE AS {name}_hi"
        for name, (lo, each, hi) in intervals.items()
    )


def rates_at_bounds(names: tuple[str, ...]) -> str:
    """Three rows that just hold: all rates 0, all 1, and none."""
    return " UNION ALL ".join(rates(names, end, end, end) for end in ("0", "1", "NULL"))


def kpi(value: str, low: str, high: str, numerator: str = "1", denominator: str = "2", **other: str) -> str:
    columns = {
        "metric": "'contact_rate'", "numerator": numerator, "denominator": denominator, "value": f"{value}::DOUBLE",
        "lo": f"{low}::DOUBLE", "hi": f"{high}::DOUBLE", "prev_value": "NULL::DOUBLE", "rules_version": "'v1'", **other,
    }  # fmt: skip
    return f"SELECT {SLICE}, " + ", ".join(f"{expression} AS {name}" for name, expression in columns.items())


def mix(attempts_: int, rows: int, who: str, result: str) -> str:
    return (
        f"SELECT {attempts_} AS attempts, {rows} AS rows_total, {attempts_} AS rows_active, "
        f"{rows - attempts_} AS rows_inactive, '{who}' AS contact_class, '{result}' AS result_class"
    )


DEFINED = (
    "SELECT 'contact_rate' AS metric, 'attempts' AS denominator, 'share' AS unit, true AS supported, "
    "NULL::VARCHAR AS why_not"
)
SPELLED = "SELECT 'PTP' AS outcome_option, 'ptp' AS outcome_key, true AS is_mapped, 'v1' AS rules_version"
UNSPELLED = "SELECT 'B,P' AS outcome_option, 'bp' AS outcome_key, false AS is_mapped, 'v1' AS outcome_map_version"
APRIL = "SELECT * REPLACE (DATE '2026-04-01' AS month) FROM"
PROMISE = "true AS in_scope, true AS is_promise, 'v1' AS rules_version"
PROMISED = f"SELECT {PROMISE}, 6 AS load_number FROM range(2)"
LAST_LOAD = "SELECT 6 AS version, 7 AS load_number"
VINTAGE = "SELECT {load} AS load_number, 'v1' AS rules_version, {broken} AS broken, 2 AS promises, {rates}"
HALF = "0.1 AS broken_share_lo, 0.5 AS broken_share, 0.9 AS broken_share_hi"
HOURS = (
    "SELECT 3 AS attempts, {known} AS time_known, 1 AS outside_early, 1 AS outside_late, 'reg_f' AS profile, {rates}"
)
OUTSIDE = "0.1 AS outside_share_lo, 0.5 AS outside_share, 0.9 AS outside_share_hi"
DAY = "SELECT 2 AS attempts, {hours} AS active_hours, TIMESTAMP '2026-05-01' AS first_at, TIMESTAMP '{last}' AS last_at"

MONTHLY, DAILY, DEFINITIONS = "analytics.kpi_monthly", "analytics.kpi_daily", "analytics.metric_definitions"
TWO_DAYS = f"SELECT {SLICE}, 'contact_rate' AS metric, 1 AS numerator, 2 AS denominator FROM range(2)"
CHANGED = kpi("0.5", "0.1", "0.9", prev_value="0.4::DOUBLE", change_pp="10::DOUBLE")
EFFECTS = "analytics.rate_change_decomposition"
EFFECT = (
    "SELECT 'contact_rate' AS metric, 'weekday x 3 h' AS grouped_by, {}::DOUBLE AS rate_effect, "
    "{}::DOUBLE AS mix_effect"
)
