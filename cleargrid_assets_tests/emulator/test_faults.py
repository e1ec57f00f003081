"""Each fault breaks the requests that its name describes, and no others."""

from __future__ import annotations

from copy import deepcopy
from itertools import product

import pytest
import requests

from cleargrid_assets.emulator.faults import FAULTS, ExportRequest
from cleargrid_assets.emulator.pagination import Range
from cleargrid_assets_tests.emulator.conftest import JULY
from cleargrid_assets_tests.emulator.http_client import MAY_21


@pytest.mark.parametrize(
    ("fault", "status", "nth"),
    [
        ("server-errors", 500, 5),
        ("bad-gateway", 502, 5),
        ("unavailable", 503, 5),
        ("rate-limit", 429, 10),
        ("request-timeouts", 408, 5),
    ],
)
def test_every_nth_request_is_refused_and_no_other(call, fault, status, nth):
    caller = call(faults=[fault])
    statuses = [caller.d23(**MAY_21, limit=1).status_code for _ in range(2 * nth)]
    assert statuses == [*[200] * (nth - 1), status] * 2


def test_the_rate_limit_asks_for_patience(call):
    caller = call(faults=["rate-limit"])
    refused = [caller.d23(**MAY_21, limit=1) for _ in range(10)][-1]
    assert refused.headers["Retry-After"] == "1"


def test_down_means_every_page_and_not_the_login(call):
    caller = call(faults=["down"])
    assert caller.log_in().status_code == 200
    assert {caller.d23(**MAY_21).status_code for _ in range(3)} == {500}


def test_large_pages_and_long_windows_end_in_504_and_smaller_ones_do_not(call):
    caller = call(faults=["large-pages-time-out"])
    assert [caller.d23(**MAY_21, limit=limit).status_code for limit in (101, 100)] == [504, 200]
    caller = call(faults=["long-windows-time-out"])
    longer = {**MAY_21, "until": "2026-05-22T00:00:00.001Z"}
    assert [caller.d23(**window).status_code for window in (longer, MAY_21)] == [504, 200]


def test_long_ranges_are_not_counted_and_a_day_is(call):
    caller = call(faults=["long-totals-time-out"])
    longer = {**MAY_21, "until": "2026-05-22T00:00:00.001Z"}
    open_ended = {"since": "2026-05-21"}
    ranges = (longer, open_ended, MAY_21)
    notes = [caller.body(**window, includeTotal="true")["pagination"]["totalNote"] for window in ranges]
    assert notes == ["timeout", "timeout", None]


@pytest.mark.parametrize("fault", ["total-capped", "total-times-out", "long-totals-time-out"])
def test_a_total_without_a_window_needs_one_under_every_fault(call, fault):
    pagination = call(faults=[fault]).body(includeTotal="true", limit=1)["pagination"]
    assert (pagination["total"], pagination["totalNote"]) == (None, "window_required")


@pytest.mark.parametrize(("limit", "statuses"), [("abc", (504, 504)), ("0", (200, 504))])
def test_pages_time_out_by_the_limit_as_cleargrid_understands_it(call, limit, statuses):
    for fault, status in zip(("large-pages-time-out", "always-times-out"), statuses, strict=True):
        assert call(faults=[fault]).d23(**MAY_21, limit=limit).status_code == status


def test_a_cut_body_is_shorter_than_announced(call):
    caller = call(faults=["cut-bodies"])
    for _ in range(6):
        caller.d23(**MAY_21, limit=5)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        caller.d23(**MAY_21, limit=5)


def test_half_a_document_comes_as_a_complete_answer(call):
    caller = call(faults=["half-json"])
    answers = [caller.d23(**MAY_21, limit=5) for _ in range(7)]
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answers[-1].json()
    assert len(answers[-1].content) == int(answers[-1].headers["Content-Length"])


def test_a_cursor_loop_sends_the_walk_back(call):
    caller = call(faults=["cursor-loop"])
    first = caller.body(**MAY_21, limit=50)["pagination"]["nextCursor"]
    assert caller.body(**MAY_21, limit=50, cursor=first)["pagination"]["nextCursor"] == first


def test_a_missing_part_is_missing(call):
    assert "rows" not in call(faults=["no-rows"]).body(**MAY_21)
    assert "pagination" not in call(faults=["no-pagination"]).body(**MAY_21)


def test_a_shortened_range_is_echoed(call):
    assert call(faults=["echo-shortened"]).body(**MAY_21)["meta"]["until"] != MAY_21["until"]


def test_an_end_in_the_future_is_echoed_as_now_and_one_in_the_past_as_asked(call):
    caller = call(faults=["future-ends-now"])
    ahead = {**MAY_21, "until": "2026-08-01T00:00:00.000Z"}
    assert caller.body(**ahead)["meta"]["until"] == "2026-07-01T00:00:00.000Z"
    assert caller.body(**{**ahead, "until": "2026-08-01"})["meta"]["until"] == "2026-07-01T00:00:00.000Z"
    assert caller.body(**MAY_21)["meta"]["until"] == MAY_21["until"]


def test_a_body_that_is_too_large_is_small_on_the_wire(call):
    answer = call(faults=["huge-bodies"]).d23(**MAY_21)
    assert int(answer.headers["Content-Length"]) < 1_000_000 < 64 * 2**20 < len(answer.content)


def test_one_row_in_a_hundred_is_bad_and_the_others_are_untouched(call):
    right, wrong = call().rows(**MAY_21), call(faults=["bad-rows"]).rows(**MAY_21)
    changed = [number for number, (one, other) in enumerate(zip(right, wrong, strict=True)) if one != other]
    assert 0 < len(changed) <= len(right) // 50


def test_more_than_two_at_once_is_refused_only_then(call):
    caller = call(faults=["two-in-flight"])
    assert {caller.d23(**MAY_21, limit=1).status_code for _ in range(5)} == {200}


@pytest.mark.parametrize("cursor", [{}, {"cursor": "x"}], ids=["first page", "next page"])
def test_any_two_faults_can_alter_the_same_page(cursor):
    request = ExportRequest(7, {**MAY_21, **cursor}, Range.parse(MAY_21, JULY), in_flight=1)
    page = {"rows": [{}] * 60, "pagination": {"nextCursor": "y", "total": 60}, "meta": {}}
    for first, second in product(FAULTS.values(), repeat=2):
        second.alter(first.alter({"body": deepcopy(page)}, request), request)


def test_every_fault_says_what_it_does():
    assert all(fault.about for fault in FAULTS.values())
