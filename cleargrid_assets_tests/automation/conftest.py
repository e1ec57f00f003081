"""Fixtures of the automation tests: a chat, and platforms that send their alerts to it.

How the sensors are evaluated belongs in `alerting`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cleargrid_assets_tests.webhook_receiver import Receiver, run_receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cleargrid_assets_tests.platform_under_test import Platform


@pytest.fixture
def chat() -> Iterator[Receiver]:
    with run_receiver() as receiver:
        yield receiver


@pytest.fixture
def start(start_platform: Callable[..., Platform], chat: Receiver) -> Callable[..., Platform]:
    """A function that starts a platform whose alerts go to the chat."""

    def start(variables: dict[str, str] | None = None, **emulator: Any) -> Platform:
        return start_platform(variables={"CLEARGRID_ALERT_WEBHOOK": chat.url, **(variables or {})}, **emulator)

    return start
