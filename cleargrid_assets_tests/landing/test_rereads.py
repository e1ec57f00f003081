"""A re-read makes the month equal to what ClearGrid has now, and records each difference."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_copies import load_months
from cleargrid_assets_tests.platform_under_test import CHANGES, LOADS, MAY, failure_of_step

CHANGED = f"SELECT public_id, change, field, old, new FROM {CHANGES} ORDER BY ALL"

JUNE = "2026-06-01"


def identity(number):
    """The id of a row of May."""
    return row(number)["public_id"]


def test_a_re_read_months_later_equals_the_truth_of_then(start_after):
    platform = start_after(load_months, MAY)
    first = {landed[0]: landed for landed in platform.landed()}
    platform.emulator.now += timedelta(days=60)
    platform.load()
    assert platform.landed() == platform.truth()
    now = {landed[0]: landed for landed in platform.landed()}
    differing = {key for key in now if key in first and now[key] != first[key]}
    recorded = {key for key, change, *_ in platform.query(CHANGED) if change == "changed"}
    assert recorded == differing
    assert differing


def test_added_changed_and_vanished_rows_are_on_record_field_by_field(platform):
    serve(platform, [row(number) for number in range(1, 11)])
    platform.load()
    changed = row(2, is_ptp_broken=True, outcome_option=None, updated_at="2026-06-01T00:00:00.250Z")
    serve(platform, [row(1), changed, *(row(number) for number in range(4, 12))])
    platform.load()
    assert sorted(platform.query(CHANGED), key=str) == sorted(
        [
            (identity(2), "changed", "is_ptp_broken", "false", "true"),
            (identity(2), "changed", "outcome_option", "PTP", None),
            (identity(2), "changed", "updated_at", "2026-05-21 12:06:00.512", "2026-06-01 00:00:00.25"),
            *((identity(3), "vanished", field, value, None) for field, value in recorded_fields(row(3)).items()),
            (identity(11), "added", None, None, None),
        ],
        key=str,
    )
    load = platform.last_load()
    assert (load["rows_added"], load["rows_changed"], load["rows_vanished"], load["rows_landed"]) == (1, 1, 1, 10)


def test_the_list_of_runs_says_what_each_load_found(platform):
    serve(platform, [row(number) for number in range(1, 11)])
    runs = [platform.load(), platform.load()]
    serve(platform, [row(1), row(2, is_ptp_broken=True), *(row(number) for number in range(4, 12))])
    runs.append(platform.load())
    tags = [platform.instance.get_run_by_id(run.run_id).tags["cleargrid/load"] for run in runs]
    assert tags == ["10 rows, 10 added", "10 rows, no change", "10 rows, 1 added, 1 changed, 1 vanished"]


def recorded_fields(sent):
    """The fields of a row as the history keeps them."""
    text = {"is_active": "true", "is_ptp_broken": "false"}
    text |= {name: value.replace("T", " ").rstrip("Z") for name, value in sent.items() if name.endswith("_at")}
    text["communicated_at"] = text["communicated_at"].removesuffix(".000")
    return {name: text.get(name, value) for name, value in sent.items() if name != "public_id"}


def test_a_re_read_of_an_unchanged_month_changes_no_row_and_records_none(start_after):
    platform = start_after(load_months, MAY)
    before = platform.query("SELECT * FROM raw.d23_manual_communication_logs ORDER BY ALL")
    platform.load()
    assert platform.query("SELECT * FROM raw.d23_manual_communication_logs ORDER BY ALL") == before
    assert platform.query(CHANGED) == []
    assert platform.query(f"SELECT count(*) FROM {LOADS}") == [(2,)]


def test_a_month_without_a_row_lands_empty_and_a_later_row_is_an_added_one(platform):
    serve(platform, [])
    assert platform.load().success
    assert platform.landed() == []
    serve(platform, [row(1)])
    platform.load()
    assert [(key, change) for key, change, *_ in platform.query(CHANGED)] == [(identity(1), "added")]


def test_a_load_that_would_empty_a_closed_month_keeps_it_to_the_byte(platform):
    serve(platform, [row(number) for number in range(1, 21)])
    platform.load()
    before = platform.version()
    serve(platform, [row(number) for number in range(1, 15)])
    failure = failure_of_step(platform.load())
    assert failure["error"] == "VanishLimitError"
    assert "6 of its 20 landed rows" in failure["description"]
    assert platform.version() == before


def open_june(monkeypatch):
    """Set the clock to the third day of June, an open month; it advances by a minute each time it is read."""
    minutes = count()

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 6, 3, 9, tzinfo=tz or UTC) + timedelta(minutes=next(minutes))

    for module in ("landing.read_month", "landing.ledger"):
        monkeypatch.setattr(f"cleargrid_assets.{module}.datetime", Clock)


def june_row(number):
    """A row of the open month."""
    return row(number, communicated_at="2026-06-02T10:00:00.000Z")


def test_a_load_that_would_empty_the_open_month_keeps_it_too(platform, monkeypatch):
    open_june(monkeypatch)
    serve(platform, [june_row(number) for number in range(1, 11)])
    platform.load(JUNE)
    serve(platform, [])
    assert failure_of_step(platform.load(JUNE))["error"] == "VanishLimitError"
    assert len(platform.landed(JUNE)) == 10


def test_one_of_the_open_months_first_rows_may_go_once_there_are_more(platform, monkeypatch):
    open_june(monkeypatch)
    serve(platform, [june_row(number) for number in range(1, 5)])
    platform.load(JUNE)
    serve(platform, [june_row(number) for number in range(2, 11)])
    assert platform.load(JUNE).success
    assert len(platform.landed(JUNE)) == 9


def test_rows_that_are_sent_and_cannot_be_landed_any_more_are_not_called_removed(platform):
    serve(platform, [row(number) for number in range(1, 11)])
    platform.load()
    serve(platform, [row(number, is_active="true") for number in range(1, 11)])
    message = failure_of_step(platform.load())["description"]
    assert "would remove 10 of its 10 landed rows" in message
    assert "10 rows came but cannot be landed (bad_type:is_active 10)" in message


def test_the_vanish_limit_is_a_setting_and_includes_its_own_share(platform):
    serve(platform, [row(number) for number in range(1, 21)])
    platform.load()
    serve(platform, [row(number) for number in range(1, 15)])
    assert platform.with_variables(CLEARGRID_VANISH_LIMIT="0.3").load().success
    assert len(platform.landed()) == 14


def test_a_re_read_touches_no_other_month(start_after):
    platform = start_after(load_months, "2026-04-01", MAY)
    april = platform.landed("2026-04-01")
    platform.emulator.now += timedelta(days=60)
    platform.load()
    assert platform.landed("2026-04-01") == april


@pytest.mark.parametrize("apart", ["on one page", "in two windows"])
def test_of_copies_of_an_id_the_latest_update_lands(start_platform, apart):
    platform = start_platform(variables={"CLEARGRID_PAGE_SIZE": "50"})
    moment = "2026-05-21T12:05:44.000Z" if apart == "on one page" else "2026-05-02T09:00:00.000Z"
    copies = [
        row(7, outcome_option="BUSY", communicated_at=moment, updated_at="2026-06-03T00:00:00.000Z"),
        row(7, outcome_option="PTP", updated_at="2026-06-01T00:00:00.000Z"),
        row(7, outcome_option="RPC", updated_at="2026-06-02T00:00:00.000Z"),
    ]
    others = [row(number, communicated_at=f"2026-05-{number % 28 + 1:02d}T10:00:00.000Z") for number in range(100, 600)]
    serve(platform, [*copies, *others])
    assert platform.load().success
    assert [landed[3] for landed in platform.landed() if landed[0] == identity(7)] == ["BUSY"]
    load = platform.last_load()
    assert (load["rows_received"], load["rows_landed"], load["duplicates_collapsed"]) == (503, 501, 2)


def test_the_order_in_which_copies_come_does_not_matter(platform):
    newest = row(7, outcome_option="BUSY", updated_at="2026-06-03T00:00:00.000Z")
    for copies in ([newest, row(7)], [row(7), newest]):
        serve(platform, copies)
        platform.load()
        assert [landed[3] for landed in platform.landed()] == ["BUSY"]
