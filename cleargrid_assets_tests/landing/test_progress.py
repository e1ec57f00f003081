"""A load that is in trouble says so while it goes on: what failed, how often, and what it does about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.emulator.faults import ExportRequest, Fault, error, plain

if TYPE_CHECKING:
    from starlette.responses import Response

    from cleargrid_assets_tests.platform_under_test import Platform

FAILING = 6


def refuse_at_first(request: ExportRequest) -> Response | None:
    """The first requests end in 500 and in a gateway's 504 by turns."""
    if request.number > FAILING:
        return None
    return error(500, "Internal error", request.number) if request.number % 2 else plain(504)


@pytest.fixture
def messages(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a load that is in trouble at first writes to its log."""
    monkeypatch.setattr("cleargrid_assets.client.worker_pool.PROGRESS_INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr("cleargrid_assets.client.worker_pool.POLL_SECONDS", 0.01)
    with platform.inject_fault(Fault("fails at first", refuse=refuse_at_first)):
        run = platform.load()
    assert run.success
    return [entry.user_message for entry in platform.instance.all_logs(run.run_id)]


def test_each_kind_of_failed_request_is_told_once_with_what_happens_next(messages: list[str]) -> None:
    (refused,) = [message for message in messages if "HTTP 500" in message]
    assert "so far. The requests are sent again after growing pauses" in refused
    (slow,) = [message for message in messages if "HTTP 504" in message]
    assert "Smaller pages are requested, then shorter windows." in slow


def test_a_request_id_is_told_where_there_is_one_and_asked_for_nowhere_else(messages: list[str]) -> None:
    (refused,) = [message for message in messages if "HTTP 500" in message]
    assert "(request id emulator-" in refused
    (slow,) = [message for message in messages if "HTTP 504" in message]
    assert "request id" not in slow


def test_the_lines_of_progress_count_the_failed_requests(messages: list[str]) -> None:
    lines = [message for message in messages if "rows/s" in message]
    assert lines
    assert [line for line in lines if not line.endswith(" failed requests")] == []
