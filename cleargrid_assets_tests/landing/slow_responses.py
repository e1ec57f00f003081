"""An emulator that holds back an answer until the test lets it go, so that another load can overtake."""

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
    """Holds back the next answer with rows, which is made up already, until it is released."""

    def __init__(self) -> None:
        self.is_held, self.released = threading.Event(), threading.Event()

    def hold(self, body: bytes, request: ExportRequest) -> bytes:
        """The body, late."""
        if request.params["limit"] != "1" and b"public_id" in body and not self.is_held.is_set():
            self.is_held.set()
            assert self.released.wait(SECONDS)
        return body


@contextmanager
def hold_next_response(platform: Platform) -> Iterator[HeldResponse]:
    """The emulator's next answer with rows waits until it is released, at the end of the block at the latest."""
    answer = HeldResponse()
    with platform.inject_fault(Fault("answers late", garble=answer.hold)):
        try:
            yield answer
        finally:
            answer.released.set()
