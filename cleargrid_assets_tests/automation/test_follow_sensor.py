"""Derived tables follow months that were loaded by hand, all of them, except those a blocking check stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from cleargrid_assets.emulator.faults import FAULTS, Ask, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cleargrid_assets_tests.platform_under_test import Platform

MONTHS = ("2026-02-01", "2026-03-01", "2026-04-01")
SPELLINGS = "core/outcome_spellings"
CORE = (SPELLINGS, "core/contact_attempts")


def bad_rows_in(month: str) -> Fault:
    """Rows that cannot be landed, in one month only."""

    def alter(envelope: dict[str, Any], ask: Ask) -> dict[str, Any]:
        return FAULTS["bad-rows"].alter(envelope, ask) if ask.params["since"].startswith(month) else envelope

    return Fault(f"bad rows in {month}", alter=alter)


def computed(platform: Platform, assets: Sequence[str], month: str) -> dg.ExecuteInProcessResult:
    """What the sensor's backfill does for one month: the assets and their checks."""
    return platform.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        partition_key=month,
        asset_selection=[dg.AssetKey.from_user_string(asset) for asset in assets],
        instance=platform.instance,
    )


def evaluated(platform: Platform, earlier: Any = None) -> Any:
    return dg.evaluate_automation_conditions(
        platform.definitions,
        platform.instance,
        asset_selection=dg.AssetSelection.groups("core", "analytics", "reports"),
        cursor=earlier.cursor if earlier else None,
    )


def followed(evaluation: Any, asset: str) -> set[str | None]:
    return set(evaluation.get_requested_partitions(dg.AssetKey.from_user_string(asset)))


def test_every_month_of_a_backfill_made_by_hand_is_followed_by_all_that_is_made_of_it(platform: Platform) -> None:
    before = evaluated(platform)
    for month in MONTHS:
        assert platform.load(month).success
    core_turn = evaluated(platform, before)
    for asset in CORE:
        assert followed(core_turn, asset) == set(MONTHS)
    for month in MONTHS:
        assert computed(platform, CORE, month).success
    analytics_turn = evaluated(platform, core_turn)
    for asset in ("analytics/outcome_mix", "analytics/agent_productivity", "analytics/cohort_contact"):
        assert followed(analytics_turn, asset) == set(MONTHS)


def test_a_month_whose_blocking_check_failed_is_not_followed_and_the_others_are(
    start_platform: Callable[..., Platform],
) -> None:
    platform = start_platform(faults=[bad_rows_in("2026-03")], variables={"CLEARGRID_QUARANTINE_LIMIT": "0.001"})
    before = evaluated(platform)
    for month in MONTHS:
        assert platform.load(month).success is (month != "2026-03-01")
    assert followed(evaluated(platform, before), SPELLINGS) == {"2026-02-01", "2026-04-01"}


def test_months_computed_in_the_daily_run_are_not_computed_again(platform: Platform) -> None:
    before = evaluated(platform)
    assert platform.refresh(MONTHS[0]).success
    assert followed(evaluated(platform, before), SPELLINGS) == set()


def test_what_spans_all_months_follows_once_months_were_computed_although_others_are_missing(
    platform: Platform,
) -> None:
    before = evaluated(platform)
    assert followed(before, "reports/published_tables") == set()
    assert platform.refresh(MONTHS[0]).success
    evaluation = evaluated(platform, before)
    assert followed(evaluation, "reports/published_tables") == {None}
    assert followed(evaluated(platform, evaluation), "reports/published_tables") == set()
