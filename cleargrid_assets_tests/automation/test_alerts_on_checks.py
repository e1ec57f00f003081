"""The chat receives each failed check of a successful run once, and one message when the check passes again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.definitions import build_definitions
from cleargrid_assets_tests.automation.alerting import CHECKS, start_sensor
from cleargrid_assets_tests.automation.ledger_builder import StandingClock
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_under_test import MAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets_tests.platform_under_test import Platform
    from cleargrid_assets_tests.webhook_receiver import Receiver

pytestmark = pytest.mark.slow

MORNING = datetime(2026, 6, 20, 7, tzinfo=UTC)


def check_months(platform: Platform) -> None:
    """Run the freshness checks."""
    definitions = build_definitions(platform.settings, {"clock": StandingClock(MORNING)})
    assert definitions.resolve_job_def("check_months").execute_in_process(instance=platform.instance).success


def test_failed_checks_of_a_run_that_succeeded_are_sent_in_one_message_and_warnings_are_not(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start(faults=["unknown-fields"])
    sensor = start_sensor(platform, CHECKS)
    assert platform.load(MAY).success
    sensor.tick()
    assert chat.texts == []
    check_months(platform)
    for _ in range(2):
        sensor.tick()
    (text,) = chat.texts
    assert "3 checks failed* - check_months" in text
    assert (
        "raw/d23_loads, every_month_is_in_order: Not in order: 2026-01 to 2026-04 (missing), 2026-06 (missing)" in text
    )


def test_a_check_that_passes_again_is_sent_once(start: Callable[..., Platform], chat: Receiver) -> None:
    platform = start({"CLEARGRID_START_MONTH": "2026-05"})
    sensor = start_sensor(platform, CHECKS)
    check_months(platform)
    sensor.tick()
    assert "every_month_is_in_order" in chat.texts[0]
    for month in (MAY, "2026-06-01"):
        assert platform.load(month).success
    check_months(platform)
    for _ in range(2):
        sensor.tick()
        sensor = sensor.after_a_restart()
    recoveries = [text for text in chat.texts[1:] if "recovered" in text]
    assert [text.count("raw/d23_loads, the_last_closed_month_arrived: failed at") for text in recoveries] == [1]


def test_a_failed_check_of_a_month_that_a_load_took_rows_from_is_sent_and_recovers_as_that_months(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start({"CLEARGRID_QUARANTINE_LIMIT": "0.5"})
    in_april = {"communicated_at": "2026-04-20T09:00:00.000Z"}
    bad = [row(number, updated_at="nonsense", **in_april) for number in range(50, 60)]
    serve(platform, [row(1, **in_april), row(100, **in_april), row(101), *bad])
    for month in ("2026-04-01", MAY):
        platform.load(month)
    sensor = start_sensor(platform, CHECKS)
    serve(platform, [row(1, updated_at="2026-06-02T00:00:00.000Z"), row(100, **in_april), row(101), *bad])
    assert platform.load(MAY).success
    for _ in range(2):
        sensor.tick()
    (text,) = chat.texts
    assert "quarantined_rows_are_within_the_limit, month 2026-04: Does not hold" in text
    serve(platform, [row(1, updated_at="2026-06-02T00:00:00.000Z"), row(100, **in_april), row(101)])
    assert platform.load("2026-04-01").success
    sensor.tick()
    assert "quarantined_rows_are_within_the_limit, month 2026-04: failed at" in chat.texts[1]


def test_nothing_is_sent_when_every_check_passed(start: Callable[..., Platform], chat: Receiver) -> None:
    platform = start()
    sensor = start_sensor(platform, CHECKS)
    assert platform.load(MAY).success
    sensor.tick()
    assert chat.texts == []
