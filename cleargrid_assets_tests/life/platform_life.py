"""A platform that lives through many days: its loads, its nights, and the expected warehouse after each.

Incidents are in `incidents`; `test_life` puts everything in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.jobs import COMPUTE_MONTH, REFRESH_MONTH
from cleargrid_assets.partitions import build_months
from cleargrid_assets_tests.analytics.expected_values import SPELLINGS
from cleargrid_assets_tests.life.computed_months import (
    ComputedMonth,
    ReportingRules,
    computed_month,
    verify_month,
    verify_neighbours,
)
from cleargrid_assets_tests.life.history import verify_history
from cleargrid_assets_tests.life.model import Model
from cleargrid_assets_tests.life.vendor import Vendor, parse_instant
from cleargrid_assets_tests.platform_under_test import FIELDS, LOADS, LOGS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack
    from datetime import datetime
    from pathlib import Path

    import time_machine

    from cleargrid_assets_tests.life.vendor import Fields
    from cleargrid_assets_tests.platform_under_test import Platform

ERROR = dg.AssetCheckSeverity.ERROR


@dataclass
class PlatformLife:
    """The platform, the vendor whose rows it lands, and the model of the rows that it must hold."""

    platform: Platform
    clock: time_machine.Traveller
    now: datetime
    folder: Path
    stack: ExitStack
    vendor: Vendor = field(default_factory=lambda: Vendor(tuple(SPELLINGS)))
    model: Model = field(default_factory=Model)
    rules: ReportingRules = field(default_factory=ReportingRules)
    computed: dict[str, ComputedMonth] = field(default_factory=dict)
    _verified: int = 0
    _recomputed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.platform.emulator.api.manual_logs = self.vendor  # type: ignore[assignment]  # a source by behaviour
        self.platform.emulator.now = self.now

    def travel(self, moment: datetime) -> None:
        """Set the clocks of ClearGrid and of the platform to `moment`."""
        self.now = moment
        self.platform.emulator.now = moment
        self.clock.move_to(moment)

    @property
    def months(self) -> list[str]:
        """The months that have begun."""
        return list(build_months(self.platform.settings).get_partition_keys(current_time=self.now))

    def load(self, month: str) -> None:
        """Load the month's raw rows, as a person does by hand."""
        self.land(month, self.received(month), self.model.begin_read(), self.platform.load(month))

    def received(self, month: str) -> dict[str, Fields]:
        """The rows that a complete read of the month receives now."""
        return self.vendor.in_window(self.platform.window(month))

    def land(self, month: str, received: Mapping[str, Fields], reading: int, run: dg.ExecuteInProcessResult) -> None:
        """Fail unless the run and all checks of severity ERROR passed; then land `received` in the model."""
        assert run.success, [event.message for event in run.all_events if event.is_failure]
        checks = run.get_asset_check_evaluations()
        assert [check.check_name for check in checks if not check.passed and check.severity is ERROR] == []
        self.model.land(month, received, reading)

    def execute(self, job: str, month: str | None, tags: Mapping[str, str] | None = None) -> None:
        """Execute a requested run, which must succeed."""
        run = self.platform.run_job(job, month, tags)
        assert run.success, job
        if job == COMPUTE_MONTH:
            self._record_computation(str(month))

    def fullest_month(self) -> str:
        """The month with the most rows."""
        return max(self.months, key=lambda month: len(self.received(month)))

    def night(self) -> None:
        """Tick the schedules once, and the sensor until it requests nothing."""
        for schedule in ("refresh_recent_months", "refresh_earlier_months")[: 2 if self.now.weekday() == 6 else 1]:
            for request in self._tick(schedule):
                self._refresh(str(request.partition_key), request.tags)
        self.follow()

    def follow(self) -> None:
        """Tick the sensor until it requests nothing."""
        for _ in range(100):
            requests = self.platform.requested_runs()
            for request in requests:
                self.execute(str(request.job_name), request.partition_key, request.tags)
            if not requests:
                return
        raise AssertionError("the sensor never comes to rest")

    def verify(self) -> None:
        """Fail unless the warehouse holds the expected rows and tables."""
        assert self._landed() == {
            (held.month, *(_value(name, held.fields[name]) for name in FIELDS)) for held in self.model.rows.values()
        }
        assert self._ledger() == self.model.last_loads
        verify_history(self.platform, self.model.versions, since=self._verified)
        self._verified = len(self.model.versions) - 1
        for month in sorted(self._recomputed):
            verify_month(self.platform, self.computed[month])
        self._recomputed.clear()
        verify_neighbours(self.platform)

    def verify_all(self) -> None:
        """Do the same for all months and all loads."""
        self._recomputed = set(self.computed)
        self._verified = 0
        self.verify()

    def _landed(self) -> set[tuple[object, ...]]:
        rows = self.platform.query(f"SELECT month::VARCHAR, {', '.join(FIELDS)} FROM {'.'.join(LOGS.path)}")
        assert len({row[1] for row in rows}) == len(rows)
        return set(rows)

    def _ledger(self) -> dict[str, int]:
        """The number of each month's last load from the ledger, each row of which must add up."""
        entries = self.platform.query(
            "SELECT month::VARCHAR, load_number, rows_received - rows_landed - rows_quarantined - duplicates_collapsed "
            f"- rows_moved FROM {LOADS} ORDER BY load_number"
        )
        assert {rest for _, _, rest in entries} <= {0}
        return {month: number for month, number, _ in entries}

    def _refresh(self, month: str, tags: Mapping[str, str]) -> None:
        received, reading = self.received(month), self.model.begin_read()
        run = self.platform.run_job(REFRESH_MONTH, month, tags)
        self.land(month, received, reading, run)
        self._record_computation(month)

    def _record_computation(self, month: str) -> None:
        number = self.model.last_loads[month]
        ((loaded_at,),) = self.platform.query(f"SELECT loaded_at FROM {LOADS} WHERE load_number = {number}")
        rows, zone = self.model.month(month), self.platform.settings.timezone
        self.computed[month] = computed_month(
            month, rows, self.rules, timezone=zone, last_load=number, loaded_at=loaded_at
        )
        self._recomputed.add(month)

    def _tick(self, schedule: str) -> list[dg.RunRequest]:
        repository = self.platform.definitions.get_repository_def()
        with dg.build_schedule_context(
            self.platform.instance, scheduled_execution_time=self.now, repository_def=repository
        ) as context:
            return list(repository.get_schedule_def(schedule).evaluate_tick(context).run_requests or [])


def _value(name: str, value: object) -> object:
    return parse_instant(str(value)) if name.endswith("_at") else value
