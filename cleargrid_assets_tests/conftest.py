"""Fixtures that all tests share: a clean environment, and the whole platform on its own emulator.

Add a shared fixture here; what fixtures hand out is in `platform_under_test` and `fixed_rows`.
"""

from __future__ import annotations

import gc
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from dagster._core.storage.event_log import in_memory as events_in_memory
from dagster._core.storage.runs import in_memory as runs_in_memory
from hypothesis import settings

from cleargrid_assets_tests.new_warehouses import NewWarehouses
from cleargrid_assets_tests.platform_copies import PlatformCopies, copied_kind
from cleargrid_assets_tests.platform_under_test import Platform, started
from cleargrid_assets_tests.postgres_server import PostgresServer, find_binaries, run_postgres
from cleargrid_assets_tests.warehouse_kinds import FILE, KINDS, Variables, variables_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# A busy machine makes no rule false, and a commit passes or fails for its own sake.
settings.register_profile("any machine", deadline=None, derandomize=True)
settings.load_profile("any machine")

PREFIXES = ("CLEARGRID_", "DAGSTER_")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Hide the settings of whoever runs the tests, and run in the test's own folder."""
    for name in [name for name in os.environ if name.startswith(PREFIXES)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--warehouse", choices=KINDS, default=FILE, help="where the platform under test keeps its tables")
    parser.addoption("--distributed", action="store_true", help="run what starts a whole deployment")
    parser.addoption("--life-days", type=int, default=8, help="how many days a simulated life has")
    parser.addoption("--package", action="store_true", help="install the wheel into a new environment and try it")


def pytest_collection_finish() -> None:
    """Exempt the imported modules and the collected tests from garbage collection, which took a tenth of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], PostgresServer]]:
    """Hands out the session's PostgreSQL server, started when first asked for; skips where there is none."""
    with ExitStack() as stack:
        servers: list[PostgresServer] = []

        def server() -> PostgresServer:
            binaries = find_binaries()
            if binaries is None:
                pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
            if not servers:
                servers.append(stack.enter_context(run_postgres(binaries)))
            return servers[0]

        yield server


@pytest.fixture(scope="session", autouse=True)
def unstamped_instances() -> Iterator[None]:
    """Do not note in an instance in memory which version its tables have: nothing upgrades it.

    To find the version, Dagster reads its eighty migrations twice.
    """
    with pytest.MonkeyPatch.context() as patch:
        for storage in (events_in_memory, runs_in_memory):
            patch.setattr(storage, "stamp_alembic_rev", lambda *_: None)
        yield


@pytest.fixture(scope="session")
def new_warehouses(tmp_path_factory: pytest.TempPathFactory) -> NewWarehouses:
    return NewWarehouses(lambda: tmp_path_factory.mktemp("warehouse"))


@pytest.fixture
def warehouse_variables(
    request: pytest.FixtureRequest, clean_environment: Path, postgres: Callable[[], PostgresServer]
) -> Variables:
    """The settings of an empty warehouse of the kind that the test's parameter names, or else `--warehouse`."""
    kind = getattr(request, "param", request.config.getoption("--warehouse"))
    return variables_of(kind, clean_environment, postgres)


@pytest.fixture
def start_platform(
    clean_environment: Path, warehouse_variables: Variables, new_warehouses: NewWarehouses
) -> Iterator[Callable[..., Platform]]:
    """Starts platforms: `start_platform(variables={"CLEARGRID_TIMEZONE": "Asia/Dubai"}, faults=["down"])`.

    `variables` are laid over the settings; every other argument goes to the emulator. Everything ends with the test.
    """
    with ExitStack() as stack:
        stack.enter_context(new_warehouses.copied())

        def start(*, variables: dict[str, str] | None = None, **emulator: Any) -> Platform:
            return stack.enter_context(
                started(clean_environment, {**warehouse_variables, **(variables or {})}, **emulator)
            )

        yield start


@pytest.fixture
def platform(start_platform: Callable[..., Platform]) -> Platform:
    """The platform on an emulator without faults."""
    return start_platform()


@pytest.fixture(scope="module")
def read_only_platform(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres: Callable[[], PostgresServer]
) -> Iterator[Platform]:
    """One platform for the tests of a file that only read what a fixture of that file has done to it."""
    folder = tmp_path_factory.mktemp("platform")
    with started(folder, variables_of(request.config.getoption("--warehouse"), folder, postgres)) as platform:
        yield platform


@pytest.fixture(scope="session")
def platform_copies(tmp_path_factory: pytest.TempPathFactory, postgres: Callable[[], PostgresServer]) -> PlatformCopies:
    return PlatformCopies(lambda: tmp_path_factory.mktemp("platform"), postgres)


@pytest.fixture
def start_after(start_platform: Callable[..., Platform], platform_copies: PlatformCopies) -> Callable[..., Platform]:
    """Starts platforms as an act left them: `start_after(compute_months, APRIL, MAY)`.

    The act runs once for all tests of a process, and each gets a copy; in a lake in SQLite, it runs for each test.
    `act` is called with a platform and `arguments`; the others are those of `start_platform`.
    """

    def start(
        act: Callable[..., object], *arguments: str, variables: dict[str, str] | None = None, **emulator: Any
    ) -> Platform:
        platform = start_platform(variables=variables, **emulator)
        kind = copied_kind(platform)
        if kind is None:
            act(platform, *arguments)
        else:
            copy = platform_copies.after(act, *arguments, kind=kind, variables=variables or {}, emulator=emulator)
            copy.restore(platform)
        return platform

    return start
