"""A preview says nothing about its month: the chat hears neither of its failure nor of a recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cleargrid_assets_tests.automation.alerting import CHECKS, RUNS, fail, start_sensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets_tests.platform_under_test import Platform
    from cleargrid_assets_tests.webhook_receiver import Receiver

pytestmark = pytest.mark.slow


def test_the_end_of_a_preview_is_neither_a_failure_nor_a_recovery(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start()
    sensor = start_sensor(platform, RUNS)
    refused = platform.with_variables(CLEARGRID_PASSWORD="wrong")
    fail(refused)
    sensor.tick()
    assert len(chat.texts) == 1
    assert not refused.load(preview=True).success
    assert platform.load(preview=True).success
    sensor.tick()
    assert len(chat.texts) == 1
    assert platform.load().success
    sensor.tick()
    assert "recovered" in chat.texts[1]


def test_a_failed_check_whose_result_a_preview_repeats_is_not_sent_again(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start({"CLEARGRID_QUARANTINE_LIMIT": "0"}, faults=["bad-rows"])
    fail(platform)
    sensor = start_sensor(platform, CHECKS)
    assert platform.load(preview=True).success
    sensor.tick()
    assert chat.texts == []
