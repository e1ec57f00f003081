"""One deployment for all distributed tests, which `--distributed` enables; it takes a minute to start."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.emulator import Emulator
from cleargrid_assets_tests.platform_under_test import NOW, Platform
from cleargrid_assets_tests.postgres_server import find_binaries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleargrid_assets_tests.distributed.cluster import Cluster

SLOW_PAGES = 0.2


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests that need the services unless `--distributed` is set."""
    if not config.getoption("--distributed"):
        skip = pytest.mark.skip(reason="make test-distributed runs it")
        for item in items:
            if "cluster" in getattr(item, "fixturenames", ()):
                item.add_marker(skip)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """A lender whose pages take 200 ms."""
    with Emulator(rows_per_day=40, now=NOW, page_delay_seconds=SLOW_PAGES) as local:
        yield local


@pytest.fixture(scope="module")
def cluster(emulator: Emulator) -> Iterator[Cluster]:
    """Two hosts and their services."""
    from cleargrid_assets_tests.distributed.cluster import run_cluster  # noqa: PLC0415 - needs the extra distributed

    binaries = find_binaries()
    assert binaries is not None, "apt-get install postgresql"
    settings = {
        "CLEARGRID_ENVIRONMENT": "emulator",
        "CLEARGRID_BASE_URL": emulator.base_url,
        "CLEARGRID_LENDER": emulator.credentials.lender,
        "CLEARGRID_EMAIL": emulator.credentials.email,
        "CLEARGRID_PASSWORD": emulator.credentials.password,
        "CLEARGRID_START_MONTH": "2025-06",
        "CLEARGRID_PAGE_SIZE": "100",
    }
    with (
        tempfile.TemporaryDirectory(prefix="cg-") as folder,  # short: Ray's sockets lie in it
        run_cluster(Path(folder), binaries, settings) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def platform(emulator: Emulator, cluster: Cluster) -> Iterator[Platform]:
    """The warehouse as a reader on another machine sees it, with the bucket's keys in the environment."""
    with pytest.MonkeyPatch.context() as environment:
        for name in cluster.variables:
            if name.startswith("AWS_"):
                environment.setenv(name, cluster.variables[name])
        yield Platform(emulator, cluster.variables, cluster.instance)
