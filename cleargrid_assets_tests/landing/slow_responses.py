"""Delays one response of the emulator until the test releases it, so that another load can overtake."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.client import deadlines
from cleargrid_assets.emulator.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cleargrid_assets.emulator.faults import ExportRequest
    from cleargrid_assets_tests.platform_under_test import Platform

SECONDS = 120
"""A test that waits so long has failed."""


class HeldResponse:
    """Holds the next response with rows, computed already, until it is released."""

    def __init__(self) -> None:
        self.is_held, self.released = threading.Event(), threading.Event()

    def hold(self, body: bytes, request: ExportRequest) -> bytes:
        """The body, once it is released."""
        if request.params["limit"] != "1" and b"public_id" in body and not self.is_held.is_set():
            self.is_held.set()
            assert self.released.wait(SECONDS)
        return body


@contextmanager
def hold_next_response(platform: Platform) -> Iterator[HeldResponse]:
    """Hold the emulator's next response with rows until it is released, at the latest at the end of the block.

    Loads of this process do not give up on it meanwhile, as they would on a busy machine: ClearGrid has been quick.
    """
    answer = HeldResponse()
    with (
        pytest.MonkeyPatch.context() as patch,
        platform.inject_fault(Fault("answers late", garble=answer.hold)),
    ):
        patch.setattr(deadlines, "MIN_TIMEOUT_SECONDS", SECONDS)
        try:
            yield answer
        finally:
            answer.released.set()


def patience(folder: Path) -> dict[str, str]:
    """Variables with which another process's load does not give up on a held response either."""
    code = f"from cleargrid_assets.client import deadlines\ndeadlines.MIN_TIMEOUT_SECONDS = {SECONDS}\n"
    (folder / "sitecustomize.py").write_text(code, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}
