"""Delays one response of the emulator until the test releases it, so that another load can overtake."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cleargrid_assets.emulator.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """Hold the emulator's next response with rows until it is released, at the latest at the end of the block."""
    answer = HeldResponse()
    with platform.inject_fault(Fault("answers late", garble=answer.hold)):
        try:
            yield answer
        finally:
            answer.released.set()
