"""Steps that send requests to ClearGrid share Dagster's pool `cleargrid_api`, whose limit holds over all runs."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from cleargrid_assets.assets.cleargrid import API_POOL
from cleargrid_assets.commands.instance import limit_loads
from cleargrid_assets_tests.platform_under_test import LOGS, MAY, Platform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

OTHER = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def with_history(platform: Platform, tmp_path: Path) -> Iterator[Platform]:
    """The platform on an instance that keeps its history in files: the one in memory has no pools."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield replace(platform, instance=instance)


def wait_until_a_step_waits(instance: dg.DagsterInstance) -> None:
    """Return once a step has asked for a slot in vain."""
    while not instance.event_log_storage.get_concurrency_info(API_POOL).pending_step_count:
        time.sleep(0.05)


def test_a_load_sends_nothing_while_the_pool_is_full_and_goes_on_when_a_slot_is_free(with_history: Platform) -> None:
    instance = with_history.instance
    limit_loads(instance, 1)
    assert instance.event_log_storage.claim_concurrency_slot(API_POOL, OTHER, "another_load").is_claimed
    with ThreadPoolExecutor() as threads:
        load = threads.submit(with_history.load)
        wait_until_a_step_waits(instance)
        sent_while_full = list(with_history.emulator.requests)
        instance.event_log_storage.free_concurrency_slots_for_run(OTHER)
        assert load.result().success
    assert sent_while_full == []
    assert instance.event_log_storage.get_concurrency_info(API_POOL).active_slot_count == 0
    assert with_history.landed() == with_history.truth()


def test_without_a_limit_on_the_instance_a_load_waits_for_nothing(with_history: Platform) -> None:
    assert with_history.load(MAY).success


def test_every_step_that_sends_requests_is_in_the_pool(platform: Platform) -> None:
    both = platform.with_variables(CLEARGRID_DATASETS="D23,D21")
    graph = both.definitions.resolve_asset_graph()
    pools = {key.to_user_string(): graph.get(key).pools for key in graph.executable_asset_keys}
    pooled = {name for name, names in pools.items() if names == {API_POOL}}
    sources = {"cleargrid/d23", "cleargrid/d21"}
    assert pooled == {LOGS.to_user_string(), "raw/d21_communication_logs"} | sources
    assert not any(names for name, names in pools.items() if name not in pooled)
