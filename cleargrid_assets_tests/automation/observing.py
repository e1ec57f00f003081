"""Observes ClearGrid as the nightly job does, at an instant of the test's own, and reads what Dagster then knows.

The tests state what they expect of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG

from cleargrid_assets.asset_keys import UNPREFIXED
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.emulator.faults import Fault, error
from cleargrid_assets.jobs import OBSERVE_CLEARGRID
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets_tests.automation.ledger_builder import StandingClock
from cleargrid_assets_tests.platform_under_test import AT_ONCE, NOW

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from starlette.responses import Response

    from cleargrid_assets.emulator.faults import ExportRequest
    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets_tests.platform_under_test import Platform


def _come_back_in_an_hour(request: ExportRequest) -> Response:
    refusal = error(429, "Too many requests", request.number)
    refusal.headers["retry-after"] = "3600"
    return refusal


OVERLOAD = Fault("every request is refused for an hour", refuse=_come_back_in_an_hour)
OBSERVATION = dg.DagsterEventType.ASSET_OBSERVATION


def observe(platform: Platform, now: datetime = NOW) -> dg.ExecuteInProcessResult:
    """A run of the nightly job at `now`. A failed run is returned like any other."""
    definitions = build_definitions(platform.settings, {"clock": StandingClock(now)}, AT_ONCE)
    return definitions.resolve_job_def(OBSERVE_CLEARGRID).execute_in_process(
        instance=platform.instance, raise_on_error=False
    )


def versions(platform: Platform, dataset: RawDataset = D23) -> dict[str, str]:
    """The source's data version of each month, as Dagster knows it."""
    storage = platform.instance.event_log_storage
    tags = storage.get_latest_tags_by_partition(UNPREFIXED.source(dataset), OBSERVATION, [DATA_VERSION_TAG])
    return {month[:7]: values[DATA_VERSION_TAG] for month, values in tags.items()}


def summary(platform: Platform, dataset: RawDataset = D23) -> Mapping[str, Any]:
    """The metadata of the latest observation's event without a partition."""
    (record,) = platform.instance.fetch_observations(UNPREFIXED.source(dataset), limit=1).records
    assert record.partition_key is None
    event = record.event_log_entry.asset_observation
    assert event is not None
    return {name: value.value for name, value in event.metadata.items()}


def counted_months(platform: Platform) -> list[str]:
    """The months of all count requests that the emulator received, in order, with repeated ones."""
    return [request.params["since"][:7] for request in platform.emulator.requests if request.params.get("includeTotal")]
