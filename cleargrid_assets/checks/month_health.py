"""Finds the months that are missing, failed or stale, and says why: the daily list of months to repair.

It derives one state per month from the ledger of loads and Dagster's event log. It repairs nothing; the command that
does is in `repair_command`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from cleargrid_assets.checks.freshness import REREAD_WITHIN, LedgerState
from cleargrid_assets.checks.repair_command import repair_command
from cleargrid_assets.landing.ledger import names_a_load
from cleargrid_assets.load_history import months_with_failed_run
from cleargrid_assets.partitions import earlier_months, month_ranges
from cleargrid_assets.run_history import check_results_by_month

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

EARLIER_WITHIN = timedelta(days=8)
"""A week, plus a day for the refresh itself."""

HEALTHS = ("failed", "missing", "stale")
"""In the order in which a person looks at them."""


@dataclass(frozen=True)
class UnhealthyMonth:
    """A month that needs repair. `health`: one of `HEALTHS`."""

    key: str
    health: str
    reason: str


@dataclass(frozen=True)
class RunHistory:
    """Dagster's knowledge of the months.

    `known`: the version of each month whose load is in its history. `held`: the versions in the warehouse's ledger.
    `failed`: each month's failed run and checks. `stale`: its stale tables. `lost`: a lender's marts whose rows of the
    month were computed and are not in the warehouse.
    """

    known: Mapping[str, str]
    held: AbstractSet[str]
    failed: Mapping[str, Sequence[str]]
    stale: Mapping[str, Sequence[dg.AssetKey]]
    lost: Mapping[str, Sequence[dg.AssetKey]]


def every_month_is_in_order(state: LedgerState, history: RunHistory) -> dg.AssetCheckResult:
    """No month is missing, failed or stale."""
    unhealthy = sorted(_unhealthy_months(state, history), key=lambda month: HEALTHS.index(month.health))
    counts = Counter(month.health for month in unhealthy)
    metadata: dict[str, Any] = {f"months_{health}": counts[health] for health in HEALTHS}
    if not unhealthy:
        sentence = "Every month since CLEARGRID_START_MONTH is in order."
        return dg.AssetCheckResult(passed=True, description=sentence, metadata=metadata)
    command = repair_command([month.key for month in unhealthy])
    metadata |= {"months": _table(unhealthy), "repair": dg.MetadataValue.md(f"```sh\n{command}\n```")}
    sentence = (
        f"Not in order: {_listed(unhealthy)}. This check's page in Dagster lists the reasons. For a failed month, "
        f"first do what its run or check says; then, while Dagster is running: {command}"
    )
    return dg.AssetCheckResult(passed=False, description=sentence, metadata=metadata)


def find_failures(
    instance: dg.DagsterInstance,
    raw: dg.AssetKey,
    keys: Sequence[str],
    checks: Sequence[dg.AssetCheckKey],
) -> Mapping[str, Sequence[str]]:
    """The failures of `keys` from the event log: failed runs of the raw asset, and failed `checks`."""
    failed: dict[str, list[str]] = defaultdict(list)
    for key in months_with_failed_run(instance, raw, keys):
        failed[key].append("its last run failed")
    for key, check, passed in check_results_by_month(instance, checks):
        if not passed:
            failed[key].append(f"{check.name} of {check.asset_key.to_user_string()}")
    return failed


def _unhealthy_months(state: LedgerState, history: RunHistory) -> Iterator[UnhealthyMonth]:
    recent = set(state.recent())
    earlier = set(earlier_months(state.months, state.now, state.trailing))
    for key in state.all_keys():
        within = REREAD_WITHIN if key in recent else EARLIER_WITHIN if key in earlier else None
        month = _unhealthy_month(state, history, key, within)
        if month:
            yield month


def _unhealthy_month(
    state: LedgerState, history: RunHistory, key: str, within: timedelta | None
) -> UnhealthyMonth | None:
    """The month's first problem; a failure comes first, because it explains what is missing or stale."""
    if history.failed.get(key):
        return UnhealthyMonth(key, "failed", "; ".join(history.failed[key]))
    if state.load_of(key) is None:
        return None if _awaits_first_refresh(state, key) else UnhealthyMonth(key, "missing", "never read")
    reason = _why_stale(state, history, key, within)
    return UnhealthyMonth(key, "stale", reason) if reason else None


def _why_stale(state: LedgerState, history: RunHistory, key: str, within: timedelta | None) -> str:
    """Why a loaded month is stale; empty if it is not."""
    age, load = state.age_of(key), state.load_of(key)
    if reason := _why_unknown(history, key):
        return reason
    if within and age and age > within:
        return f"last read {age.total_seconds() / 3600:.0f} h ago"
    if load and not load.is_complete and key != state.all_keys()[-1]:
        return "last read before its end"
    if history.stale.get(key):
        return f"not computed from its current rows under the current rules: {_names(history.stale[key])}"
    if history.lost.get(key):
        return f"computed, but its rows are not in the warehouse: {_names(history.lost[key])}"
    return ""


def _why_unknown(history: RunHistory, key: str) -> str:
    """How Dagster's history and the warehouse disagree about a month's last load; empty if they agree."""
    version = history.known.get(key)
    if version is None:
        return "Dagster's history does not hold its load"
    if names_a_load(version) and version not in history.held:
        return f"the warehouse does not hold its {version}: it may be an earlier copy"
    return ""


def _names(tables: Sequence[dg.AssetKey]) -> str:
    return ", ".join(sorted(table.to_user_string() for table in tables))


def _awaits_first_refresh(state: LedgerState, key: str) -> bool:
    """True if the month is the open one and its first refresh is not due yet."""
    return key == state.all_keys()[-1] and key not in state.recent()


def _listed(unhealthy: Sequence[UnhealthyMonth]) -> str:
    """The months in ranges, the failed ones first: `2026-03 (failed), 2024-01 to 2025-12 (missing)`."""
    return ", ".join(
        f"{months} ({health})"
        for health in HEALTHS
        for months in month_ranges(month.key for month in unhealthy if month.health == health)
    )


def _table(unhealthy: Sequence[UnhealthyMonth]) -> dg.TableMetadataValue:
    return dg.MetadataValue.table(
        [dg.TableRecord({"month": month.key[:7], "state": month.health, "why": month.reason}) for month in unhealthy]
    )
