"""The platform as tests drive it: real runs against an emulator into a DuckDB file.

Starting it, running months and reading the warehouse belong here; the tests state what they expect.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from cleargrid_assets.command_names import executable
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.emulator import Emulator
from cleargrid_assets.jobs import REFRESH_MONTH
from cleargrid_assets.partitions import build_months, window_of
from cleargrid_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cleargrid_assets.client import Window
    from cleargrid_assets.emulator.faults import Fault
    from cleargrid_assets.warehouse.warehouse import Warehouse

NOW = datetime(2026, 6, 20, 12, tzinfo=UTC)
"""The emulator's clock. The platform's own is the machine's: months of the past are closed for both."""

MAY = "2026-05-01"
LOGS = dg.AssetKey(["raw", "d23_manual_communication_logs"])
LOADS = "raw.d23_loads"
CHANGES = "raw.d23_changes"
QUARANTINE = "raw.d23_quarantine"
AT_ONCE = dg.RetryPolicy(max_retries=2)
"""Dagster's retries, without the minutes between them."""

FIELDS = (
    "public_id", "communication_type", "interaction_source", "outcome_option", "is_active", "is_ptp_broken",
    "communicated_at", "created_at", "updated_at",
)  # fmt: skip
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Platform:
    """Definitions on an emulator, a warehouse, and an instance that is gone with the test."""

    emulator: Emulator
    variables: Mapping[str, str]
    instance: dg.DagsterInstance

    @property
    def settings(self) -> Settings:
        """The settings as the platform reads them."""
        return Settings(self.variables)

    @property
    def file(self) -> Path:
        """The warehouse's file."""
        return Path(self.settings.warehouse)

    @cached_property
    def warehouse(self) -> Warehouse:
        """The warehouse, a file or a lake."""
        return WarehouseConnection(self.settings).warehouse()

    @cached_property
    def definitions(self) -> dg.Definitions:
        """The whole graph."""
        return build_definitions(self.settings, retries=AT_ONCE)

    def with_variables(self, **changed: str) -> Platform:
        """The same emulator, warehouse and instance with other settings."""
        return replace(self, variables={**self.variables, **changed})

    def load(
        self, month: str = MAY, resources: Mapping[str, Any] | None = None, **config: Any
    ) -> dg.ExecuteInProcessResult:
        """Land a month: a run of the raw asset alone. A failed run is returned like any other.

        `config`: the asset's run config; `resources`: fields of resources that the run changes.
        """
        job = self.definitions.resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            run_config={
                "ops": {LOGS.to_python_identifier(): {"config": config}},
                "resources": {name: {"config": fields} for name, fields in (resources or {}).items()},
            },
            partition_key=month,
            asset_selection=[LOGS],
            instance=self.instance,
            raise_on_error=False,
        )

    def refresh(self, month: str = MAY) -> dg.ExecuteInProcessResult:
        """Land a month and compute everything that is made of it, with all checks."""
        return self.run_job(REFRESH_MONTH, month)

    def preview_job(self, month: str = MAY) -> dg.ExecuteInProcessResult:
        """A preview by the job that loads and computes a month."""
        return self.definitions.resolve_job_def(REFRESH_MONTH).execute_in_process(
            run_config={"ops": {LOGS.to_python_identifier(): {"config": {"preview": True}}}},
            partition_key=month,
            instance=self.instance,
            raise_on_error=False,
        )

    def run_job(
        self, name: str, month: str | None = None, tags: Mapping[str, str] | None = None
    ) -> dg.ExecuteInProcessResult:
        """A run of a job to its end, with the tags of a request. A failed run is returned like any other."""
        return self.definitions.resolve_job_def(name).execute_in_process(
            partition_key=month, instance=self.instance, tags=dict(tags or {}), raise_on_error=False
        )

    def requested_runs(self, sensor: str = "derived_tables_follow") -> Sequence[dg.RunRequest]:
        """The runs that a sensor requests at a tick."""
        repository = self.definitions.get_repository_def()
        with dg.build_sensor_context(self.instance, repository_def=repository) as context:
            return repository.get_sensor_def(sensor).evaluate_tick(context).run_requests or []

    @contextmanager
    def inject_fault(self, fault: Fault) -> Iterator[None]:
        """Add `fault` to the emulator's faults while the block runs."""
        faults = self.emulator.api.faults
        self.emulator.api.faults = [*faults, fault]
        try:
            yield
        finally:
            self.emulator.api.faults = faults

    def window(self, month: str = MAY) -> Window:
        """The month's range in UTC."""
        return window_of(build_months(self.settings), month)

    def truth(self, month: str = MAY) -> list[Row]:
        """The month's rows as the emulator holds them now, in the columns' order and types, sorted by id."""
        window = self.window(month)
        rows = self.emulator.manual_logs.rows(window.since, window.until, self.emulator.now or datetime.now(UTC))
        return sorted(tuple(_landed(name, row[name]) for name in FIELDS) for row in rows)

    def landed(self, month: str = MAY) -> list[Row]:
        """The month's rows in the warehouse, likewise."""
        return self.query(
            f"SELECT {', '.join(FIELDS)} FROM raw.d23_manual_communication_logs WHERE month = ? ORDER BY public_id",
            [month],
        )

    def version(self) -> object:
        """A value that every write changes: a file's bytes, or the number of a lake's snapshots."""
        if not self.warehouse.is_lake:
            return self.file.read_bytes()
        return self.query("SELECT count(*), max(snapshot_id) FROM ducklake_snapshots(current_database())")

    def query(self, sql: str, parameters: list[object] | None = None) -> list[Row]:
        """The rows of a SELECT on the warehouse."""
        with self.warehouse.reading() as connection:
            return connection.execute(sql, parameters or []).fetchall()

    def last_load(self, month: str = MAY) -> dict[str, Any]:
        """The month's newest row in the ledger."""
        with self.warehouse.reading() as connection:
            result = connection.execute(
                f"SELECT * FROM {LOADS} WHERE month = ? ORDER BY loaded_at DESC LIMIT 1", [month]
            )
            names = [column[0] for column in result.description or ()]
            (values,) = result.fetchall()
        return dict(zip(names, values, strict=True))

    def environment(self, **changed: str) -> dict[str, str]:
        """The environment for a separate process on this platform."""
        return {**os.environ, **self.variables, **changed}

    def start_load(self, month: str = MAY, **changed: str) -> subprocess.Popen[str]:
        """Start `dagster asset materialize` for the raw asset in a separate process."""
        arguments = ["asset", "materialize", "-m", "cleargrid_assets.definitions"]
        return subprocess.Popen(
            [executable("dagster"), *arguments, "--select", LOGS.to_user_string(), "--partition", month],
            env=self.environment(**changed),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def failure_of_step(run: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """The description and the metadata of the failure of the failed step in `run`."""
    (event,) = [event for event in run.all_events if event.is_step_failure]
    failure = event.step_failure_data.user_failure_data
    assert failure is not None, event.step_failure_data.error
    return {"description": failure.description, **{name: value.value for name, value in failure.metadata.items()}}


@contextmanager
def started(folder: Path, variables: Mapping[str, str], **emulator: Any) -> Iterator[Platform]:
    """A platform in `folder`; `emulator` are the emulator's arguments."""
    with Emulator(**{"rows_per_day": 40, "now": NOW, **emulator}) as local, dg.DagsterInstance.ephemeral() as instance:
        settings = {
            "CLEARGRID_ENVIRONMENT": "emulator",
            "CLEARGRID_BASE_URL": local.base_url,
            "CLEARGRID_LENDER": local.credentials.lender,
            "CLEARGRID_EMAIL": local.credentials.email,
            "CLEARGRID_PASSWORD": local.credentials.password,
            "CLEARGRID_WAREHOUSE": str(folder / "warehouse.duckdb"),
            "CLEARGRID_START_MONTH": "2026-01",
            "CLEARGRID_PAGE_SIZE": "100",
        }
        yield Platform(local, {**settings, **variables}, instance)


def _landed(name: str, value: Any) -> Any:
    """A value of the export as its column holds it: instants naive and in UTC."""
    if not name.endswith("_at"):
        return value
    return datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None)
