"""The check that bounds how many days of older months hold changes in place, from the days compared with ClearGrid.

The statistics belong here; the days are compared in `assets.cleargrid`, and kept in `landing.sampled_days`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.connections import Clock, WarehouseConnection
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.landing.ledger import last_loads
from cleargrid_assets.partitions import EARLIER_MONTHS, month_of, older_months, recent_months
from cleargrid_assets.tables.dataset import RawDataset

SAMPLED_WITHIN = timedelta(weeks=12)
LAST_SAMPLED_WITHIN = timedelta(days=8)
"""A week, plus a day for the observation itself."""

CONFIDENCE = 0.95
BISECTIONS = 60
"""Enough for the precision of a float."""

NAME = "sampled_days_are_unchanged"
DESCRIPTION = (
    "None of the days of older months that were compared with ClearGrid in the last 12 weeks held a change in place. "
    "The result says how many days may hold one. Yellow: some did, or none was compared in the last 8 days; the months "
    "that changed are read again, and the result says what else to do."
)
WHERE_TO_LOOK = (
    "The job observe_cleargrid compares them: see its latest run and, under Automation, whether "
    "observe_cleargrid_daily is running."
)


@dataclass(frozen=True)
class Samples:
    """The days compared in the last 12 weeks, each with the number of rows that differed.

    `before`: the first month that the schedules read; None if no older month has landed. `has_recent`: whether one was
    compared in the last 8 days.
    """

    days: Sequence[tuple[date, int]]
    before: str | None
    has_recent: bool


def build_sampled_days_check(
    dataset: RawDataset, months: dg.MonthlyPartitionsDefinition, keys: AssetKeys
) -> dg.AssetChecksDefinition:
    """The check on the ledger of `dataset`."""

    @dg.asset_check(
        asset=keys.table(dataset.loads),
        name=NAME,
        description=DESCRIPTION,
        additional_deps=[keys.table(dataset.sampled_days)],
    )
    def sampled_days(
        warehouse: dg.ResourceParam[WarehouseConnection], clock: dg.ResourceParam[Clock]
    ) -> dg.AssetCheckResult:
        from cleargrid_assets.landing.sampled_days import samples_since  # noqa: PLC0415 - it needs Arrow

        now = clock.now()
        with dagster_failures():
            trailing, landed = warehouse.settings.trailing_months, last_loads(warehouse.warehouse(), dataset)
            samples = samples_since(warehouse.warehouse(), dataset, now - SAMPLED_WITHIN)
        has_older_months = any(month_of(key) in landed for key in older_months(months, now, trailing))
        recent = recent_months(months, now, trailing + 1 + EARLIER_MONTHS)
        days = [(day, rows) for day, rows, _ in samples]
        has_recent = any(sampled_at >= now - LAST_SAMPLED_WITHIN for _, _, sampled_at in samples)
        return sampled_days_are_unchanged(Samples(days, recent[0][:7] if has_older_months else None, has_recent))

    return sampled_days


def sampled_days_are_unchanged(samples: Samples) -> dg.AssetCheckResult:
    """No compared day held a change."""
    if not samples.before:
        return _result("The schedules read every landed month again, so no day needs to be compared.", passed=True)
    if not samples.days:
        sentence = (
            f"No day before {samples.before} was compared with ClearGrid in the last 12 weeks, so nothing is known "
            f"about changes in place. {WHERE_TO_LOOK}"
        )
        return _result(sentence, passed=False)
    different = [f"{day} ({_rows(rows)})" for day, rows in samples.days if rows]
    sampled, bound = len(samples.days), upper_bound(len(samples.days), len(different))
    share = f"with 95% confidence fewer than {_percent(bound)}% of the days before {samples.before} held a change"
    sentence = f"None of the {sampled} days compared in the last 12 weeks held a change: {share}."
    if different:
        sentence = (
            f"{len(different)} of the {sampled} days compared in the last 12 weeks held a change: "
            f"{', '.join(different)}; {share}. The sensor changed_months_refresh reads their months again. If the "
            f"share is too high, backfill the older months."
        )
    if not samples.has_recent:
        sentence = f"{sentence} But none of them was compared in the last 8 days. {WHERE_TO_LOOK}"
    figures = {"days_compared": sampled, "days_different": len(different), "upper_bound": bound}
    return _result(sentence, passed=samples.has_recent and not different, metadata=figures)


def upper_bound(sampled: int, different: int) -> float:
    """The upper 95% confidence bound of a share of which `different` of `sampled` were found (Clopper-Pearson).

    It is the share at which so few would be found with a probability of only 5%.
    """
    if different == sampled:
        return 1.0
    if not different:
        return 1.0 - float((1.0 - CONFIDENCE) ** (1.0 / sampled))
    low, high = different / sampled, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _at_most(different, sampled, middle) > 1.0 - CONFIDENCE else (low, middle)
    return high


def _at_most(different: int, sampled: int, share: float) -> float:
    """The probability that a binomial variable of `sampled` trials is at most `different`."""
    return sum(math.exp(_log_probability(number, sampled, share)) for number in range(different + 1))


def _log_probability(number: int, sampled: int, share: float) -> float:
    """By logarithms: the binomial coefficients alone would overflow."""
    coefficient = math.lgamma(sampled + 1) - math.lgamma(number + 1) - math.lgamma(sampled - number + 1)
    return coefficient + number * math.log(share) + (sampled - number) * math.log1p(-share)


def _rows(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows} rows"


def _percent(share: float) -> str:
    """Rounded up, so that the sentence stays true."""
    return f"{math.ceil(share * 1000) / 10:g}"


def _result(sentence: str, *, passed: bool, metadata: Mapping[str, float | int] | None = None) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=passed, severity=dg.AssetCheckSeverity.WARN, description=sentence, metadata=metadata
    )
