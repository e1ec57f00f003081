"""Ranges, cursors, limits and totals of D23 follow the contract."""

from __future__ import annotations

import base64
import subprocess
from itertools import pairwise

import pytest

from cleargrid_assets_tests.emulator.http_client import MAY, MAY_21

FIELDS = {
    "public_id", "communication_type", "interaction_source", "outcome_option", "is_active", "is_ptp_broken",
    "communicated_at", "created_at", "updated_at",
}  # fmt: skip


@pytest.fixture(scope="module")
def may(caller):
    """All rows of May."""
    return caller.rows(**MAY)


def keys(rows):
    return [(row["communicated_at"], row["public_id"]) for row in rows]


def test_a_page_is_a_success_envelope_with_rows_pagination_and_meta(caller):
    envelope = caller.d23(**MAY_21).json()
    assert (envelope["code"], envelope["errors"]) == (200, [])
    assert set(envelope["body"]) == {"rows", "pagination", "meta"}
    assert set(envelope["body"]["pagination"]) == {"nextCursor"}
    assert {frozenset(row) for row in envelope["body"]["rows"]} == {frozenset(FIELDS)}


def test_meta_echoes_the_range_and_says_that_d23_is_a_via_dataset(caller):
    assert caller.body(**MAY_21)["meta"] == {**MAY_21, "tenantPathKind": "via"}


@pytest.mark.parametrize(
    ("limit_text", "page_length"), [("0", 1), ("-5", 1), ("60", 60), ("text", 500), (None, 500), ("5000", 1000)]
)
def test_a_limit_outside_1_to_1000_is_clamped_and_no_usable_limit_means_500(call, limit_text, page_length):
    caller = call(rows_per_day=2500)
    window = {"since": "2026-05-21T08:00:00.000Z", "until": "2026-05-21T08:02:00.000Z"} if page_length == 1 else MAY_21
    limit = {} if limit_text is None else {"limit": limit_text}
    assert max(len(body["rows"]) for body in caller.bodies(**window, **limit)) == page_length


def test_since_is_inclusive_and_until_exclusive(caller, may):
    border = may[100]["communicated_at"]
    before = caller.rows(since=MAY["since"], until=border)
    after = caller.rows(since=border, until=MAY["until"])
    assert after[0]["communicated_at"] == border
    assert before[-1]["communicated_at"] < border
    assert keys(before + after) == keys(may)


def test_rows_come_in_order_of_time_and_id_and_backwards_when_asked(caller, may):
    assert keys(may) == sorted(keys(may))
    assert keys(caller.rows(**MAY, sort="desc")) == keys(may)[::-1]
    assert keys(caller.rows(**MAY, sort="asc")) == keys(may)


@pytest.mark.parametrize(("sort", "step"), [("asc", 1), ("desc", -1)])
def test_a_walk_gives_every_row_once_whatever_the_page_size(caller, may, sort, step):
    assert len(set(keys(may))) == len(may) > 5000
    may_21 = [key for key in keys(may) if key[0][:10] == "2026-05-21"][::step]
    for limit in (7, 100, 1000):
        assert keys(caller.rows(**MAY_21, sort=sort, limit=limit)) == may_21


@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_pages_may_be_short_or_empty_and_only_a_null_cursor_ends_the_walk(caller, sort):
    pages = list(caller.bodies(**MAY, sort=sort, limit=100))
    sizes = [len(page["rows"]) for page in pages[:-1]]
    assert 0 in sizes
    assert any(0 < size < 100 for size in sizes)
    assert all(isinstance(page["pagination"]["nextCursor"], str) for page in pages[:-1])


def test_the_same_cursor_gives_the_same_page(caller):
    cursor = caller.body(**MAY)["pagination"]["nextCursor"]
    assert caller.body(**MAY, cursor=cursor) == caller.body(**MAY, cursor=cursor)


@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_the_cursor_of_another_window_gives_no_row_outside_the_requested_one(caller, sort):
    first, last = ({"since": f"2026-05-{day}T00:00:00Z", "until": f"2026-05-{day + 1}T00:00:00Z"} for day in (12, 28))
    for window, elsewhere in ((first, last), (last, first)):
        cursor = caller.body(**elsewhere, sort=sort, limit=1)["pagination"]["nextCursor"]
        starts_before = (window is last) == (sort == "asc")
        rows = caller.rows(**window, sort=sort) if starts_before else []
        assert keys(follow(caller, cursor, **window, sort=sort)) == keys(rows)


def follow(caller, cursor, **window):
    """The rows from `cursor` to the end of the window."""
    rows = []
    while cursor:
        body = caller.body(**window, cursor=cursor)
        rows += body["rows"]
        cursor = body["pagination"]["nextCursor"]
    return rows


def test_a_window_without_rows_ends_at_once(caller):
    night = {"since": "2026-05-21T00:00:00.000Z", "until": "2026-05-21T00:30:00.000Z"}
    assert caller.body(**night)["rows"] == []
    assert caller.body(**night)["pagination"]["nextCursor"] is None


def token(text):
    """A cursor that says `text`."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


MADE_UP_CURSORS = ("made-up", "bnVsbA", "%%%", "\u00e9", token("[" * 20_000))
MADE_UP_POSITIONS = (
    '["a", "b"]', '[true, "ab"]', '[1779321600000.0, "ab"]', '[-1e14, "ab"]', '[1779321600000, "x"]', "[7, 7]",
    f'[{10**30}, "ab"]', f'[{-(10**18)}, "ab"]', '[1779321600000,"ab"]', '[0001779321600, "ab"]',
)  # fmt: skip


@pytest.mark.parametrize("cursor", [*MADE_UP_CURSORS, *map(token, MADE_UP_POSITIONS)], ids=range(15))
def test_a_corrupted_cursor_is_500(caller, cursor):
    assert_is_error(caller.d23(**MAY, cursor=cursor))


@pytest.mark.parametrize("corrupt", ["****{}", "{}@@@", "{}=", "{}AA", " {}"])
def test_a_cursor_is_taken_verbatim_or_not_at_all(caller, corrupt):
    cursor = caller.body(**MAY, limit=10)["pagination"]["nextCursor"]
    assert_is_error(caller.d23(**MAY, limit=10, cursor=corrupt.format(cursor)))


@pytest.mark.parametrize(
    "params",
    [
        {"since": "yesterday"},
        {"until": "2026-13-01"},
        {"since": "0001-01-01T00:00:00+05:00"},
        {"until": "9999-12-31T23:59:59-05:00", "sort": "desc"},
    ],
)
def test_a_malformed_instant_is_500(caller, params):
    assert_is_error(caller.d23(**{**MAY, **params}))


def assert_is_error(answer):
    """The answer is a 500 with ClearGrid's error envelope."""
    assert (answer.status_code, answer.json()["success"]) == (500, False)
    assert answer.json()["requestId"]


@pytest.mark.parametrize("params", [{}, {"until": MAY["until"]}, {"since": "2020-01-01T00:00:00Z"}])
def test_a_request_over_years_ends_in_a_gateways_504_without_an_envelope(caller, params):
    answer = caller.d23(**params)
    assert (answer.status_code, answer.content) == (504, b"")


def test_until_left_out_means_up_to_now(caller):
    body = caller.body(since="2026-06-30T00:00:00.000Z")
    assert body["meta"]["until"] == "2026-07-01T00:00:00.000Z"


def test_the_total_counts_the_filter_whatever_cursor_and_limit_are(caller, may):
    cursor = caller.body(**MAY)["pagination"]["nextCursor"]
    for params in ({}, {"limit": 1}, {"cursor": cursor}, {"sort": "desc"}):
        pagination = caller.body(**MAY, includeTotal="true", **params)["pagination"]
        assert (pagination["total"], pagination["totalExact"], pagination["totalNote"]) == (len(may), True, None)


@pytest.mark.parametrize("window", [MAY_21, {"since": "2026-05-20T10:20:00.000Z", "until": "2026-05-22T08:40:00.000Z"}])
def test_the_total_is_the_number_of_rows_also_within_hours(caller, window):
    assert caller.body(**window, includeTotal="true")["pagination"]["total"] == len(caller.rows(**window))


def test_a_capped_total_is_not_exact_and_says_so(call):
    pagination = call(faults=["total-capped"]).body(**MAY, includeTotal="true")["pagination"]
    assert (pagination["total"], pagination["totalExact"], pagination["totalNote"]) == (1000, False, "capped")


def test_a_count_that_takes_too_long_gives_up(call):
    pagination = call(faults=["total-times-out"]).body(**MAY, includeTotal="true")["pagination"]
    assert (pagination["total"], pagination["totalNote"]) == (None, "timeout")


@pytest.mark.parametrize("range_", [{"until": MAY["until"]}, {"since": "1990-01-01T00:00:00Z"}])
def test_a_range_over_years_is_not_counted(caller, range_):
    pagination = caller.body(**range_, limit=1, includeTotal="true")["pagination"]
    assert (pagination["total"], pagination["totalExact"], pagination["totalNote"]) == (None, False, "timeout")


def test_a_total_without_a_window_says_that_it_needs_one(caller):
    pagination = caller.body(includeTotal="true", limit=1)["pagination"]
    assert (pagination["total"], pagination["totalNote"]) == (None, "window_required")


def test_a_walk_with_curl_alone_reads_the_month(caller, may, tmp_path):
    caller.body(**MAY_21)
    script = tmp_path / "walk.sh"
    script.write_text(WALK)
    lender = caller.emulator.credentials.lender_public_id
    url = f"{caller.emulator.base_url}/admin/v3/lenders/{lender}/exports/S4/D23"
    result = subprocess.run(["sh", script, url, caller.token], check=True, capture_output=True, text=True, timeout=60)
    assert result.stdout.split() == [row["public_id"] for row in may if row["communicated_at"][:10] == "2026-05-21"]


WALK = """
cursor=
while :; do
  page=$(curl -sf -H "Authorization: Bearer $2" \\
    "$1?since=2026-05-21T00:00:00.000Z&until=2026-05-22T00:00:00.000Z&limit=100$cursor") || exit 1
  printf '%s' "$page" | grep -o '"public_id":"[0-9a-f]*"' | cut -d'"' -f4
  next=$(printf '%s' "$page" | grep -o '"nextCursor":"[^"]*"' | cut -d'"' -f4)
  [ -n "$next" ] || exit 0
  cursor="&cursor=$next"
done
"""


def test_ties_and_rows_on_month_borders_are_there_to_be_got_wrong(caller, may):
    instants = [row["communicated_at"] for row in may]
    assert any(first == second for first, second in pairwise(instants))
    assert instants[0] == "2026-05-01T00:00:00.000Z"
    assert instants[-1] == "2026-05-31T23:59:59.999Z"
    assert caller.rows(since=MAY["until"], until="2026-06-01T00:00:00.001Z")
