"""A preview says nothing about its month: the chat hears neither of its failure nor of a recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cleargrid_assets_tests.automation.alerting import CHECKS, RUNS, fail, start_sensor
from cleargrid_assets_tests.landing.communication_logs import BOTH, D21_LOGS
from cleargrid_assets_tests.platform_under_test import LOGS, MAY

if TYPE_CHECKING:
    from collections.abc import Callable

    import dagster as dg

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


def test_a_load_that_fails_beside_a_preview_of_the_other_dataset_is_sent(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start(BOTH)
    sensor = start_sensor(platform, RUNS)
    configs: dict[dg.AssetKey, dict[str, object]] = {LOGS: {"preview": True}, D21_LOGS: {"page_size": 1001}}
    run = platform.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        run_config={"ops": {key.to_python_identifier(): {"config": config} for key, config in configs.items()}},
        partition_key=MAY,
        asset_selection=[LOGS, D21_LOGS],
        instance=platform.instance,
        raise_on_error=False,
    )
    assert not run.success
    sensor.tick()
    assert ["page_size in the run config is 1001" in text for text in chat.texts] == [True]


def test_a_failed_check_whose_result_a_preview_repeats_is_not_sent_again(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start({"CLEARGRID_QUARANTINE_LIMIT": "0"}, faults=["bad-rows"])
    fail(platform)
    sensor = start_sensor(platform, CHECKS)
    assert platform.load(preview=True).success
    sensor.tick()
    assert chat.texts == []
