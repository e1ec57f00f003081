"""Finds the months that are missing, failed or stale, and says why: the daily list of months to repair.

It derives one state per month from the ledger of loads and Dagster's event log. It repairs nothing; the command that
does is in `repair`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.checks.on_time import REREAD_WITHIN, Situation, Verdict
from cleargrid_assets.checks.repair import repair_command
from cleargrid_assets.partitions import earlier_months

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EARLIER_WITHIN = timedelta(days=8)
"""A week, plus a day for the refresh itself."""

FAILED_STATUSES = frozenset({"FAILED", "EXECUTION_FAILED"})


@dataclass(frozen=True)
class Trouble:
    """A month that needs repair. `state`: `missing`, `failed` or `stale`."""

    key: str
    state: str
    reason: str


@dataclass(frozen=True)
class History:
    """Dagster's knowledge of the months. `failed`: each month's failed run and checks. `stale`: its stale tables."""

    failed: Mapping[str, Sequence[str]]
    stale: Mapping[str, Sequence[dg.AssetKey]]


def every_month_is_in_order(situation: Situation, history: History) -> Verdict:
    """No month is missing, failed or stale."""
    troubles = list(_troubles(situation, history))
    figures: dict[str, object] = {
        f"months_{state}": sum(trouble.state == state for trouble in troubles)
        for state in ("missing", "failed", "stale")
    }
    if not troubles:
        return Verdict(passed=True, sentence="Every month since CLEARGRID_START_MONTH is in order.", figures=figures)
    command = repair_command([trouble.key for trouble in troubles])
    figures |= {"months": _table(troubles), "repair": dg.MetadataValue.md(f"```sh\n{command}\n```")}
    named = ", ".join(f"{trouble.key[:7]} ({trouble.state})" for trouble in troubles)
    sentence = (
        f"Not in order: {named}. The table says why. For a failed month, first do what its run or check says; then, "
        f"while Dagster is running: {command}"
    )
    return Verdict(passed=False, sentence=sentence, figures=figures)


def failures_of(
    instance: dg.DagsterInstance,
    raw: dg.AssetKey,
    months: dg.MonthlyPartitionsDefinition,
    keys: Sequence[str],
    checks: Sequence[dg.AssetCheckKey],
) -> Mapping[str, Sequence[str]]:
    """The failures of `keys` from the event log: failed runs of the raw asset, and failed `checks`."""
    failed: dict[str, list[str]] = defaultdict(list)
    statuses = instance.get_status_by_partition(raw, keys, months) or {}
    for key, status in statuses.items():
        if status is not None and status.value in FAILED_STATUSES:
            failed[key].append("its last run failed")
    for info in instance.event_log_storage.get_asset_check_partition_info(checks):
        if info.partition_key and info.latest_execution_status.value in FAILED_STATUSES:
            failed[info.partition_key].append(f"{info.check_key.name} of {info.check_key.asset_key.to_user_string()}")
    return failed


def _troubles(situation: Situation, history: History) -> Iterator[Trouble]:
    recent = set(situation.recent())
    earlier = set(earlier_months(situation.months, situation.now, situation.trailing))
    for key in situation.all_keys():
        within = REREAD_WITHIN if key in recent else EARLIER_WITHIN if key in earlier else None
        trouble = _trouble(situation, history, key, within)
        if trouble:
            yield trouble


def _trouble(situation: Situation, history: History, key: str, within: timedelta | None) -> Trouble | None:
    """The month's first problem; a failure comes first, because it explains what is missing or stale."""
    age, load = situation.age_of(key), situation.load_of(key)
    if history.failed.get(key):
        return Trouble(key, "failed", "; ".join(history.failed[key]))
    if load is None or age is None:
        return None if _is_only_beginning(situation, key) else Trouble(key, "missing", "never read")
    if within and age > within:
        return Trouble(key, "stale", f"last read {age.total_seconds() / 3600:.0f} h ago")
    if not load.is_complete and key != situation.all_keys()[-1]:
        return Trouble(key, "stale", "last read before its end")
    if history.stale.get(key):
        tables = ", ".join(sorted(table.to_user_string() for table in history.stale[key]))
        return Trouble(key, "stale", f"not computed from its present rows under the current rules: {tables}")
    return None


def _is_only_beginning(situation: Situation, key: str) -> bool:
    """True if the month is the open one and its first refresh is not due yet."""
    return key == situation.all_keys()[-1] and key not in situation.recent()


def _table(troubles: Sequence[Trouble]) -> dg.TableMetadataValue:
    return dg.MetadataValue.table(
        [
            dg.TableRecord({"month": trouble.key[:7], "state": trouble.state, "why": trouble.reason})
            for trouble in troubles
        ]
    )
