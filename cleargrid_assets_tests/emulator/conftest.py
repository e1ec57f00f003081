"""Fixtures of the emulator's tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.emulator import Emulator
from cleargrid_assets_tests.emulator.http_client import Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

JULY = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def caller() -> Iterator[Caller]:
    """A client of an emulator without faults, whose clock is fixed at 1 July 2026."""
    with Emulator(now=JULY) as emulator:
        yield Caller(emulator)


@pytest.fixture
def call() -> Iterator[Callable[..., Caller]]:
    """Starts further emulators; the arguments are those of `Emulator`."""
    started: list[Emulator] = []

    def start(**arguments: object) -> Caller:
        emulator = Emulator(**{"now": JULY, **arguments}).__enter__()
        started.append(emulator)
        return Caller(emulator)

    yield start
    for emulator in started:
        emulator.__exit__(None, None, None)
