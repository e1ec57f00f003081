"""The emulator's rows of D21 follow the contract, are repeatable, and change over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cleargrid_assets_tests.emulator.http_client import MAY

START, END = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
FIELDS = {
    "public_id", "communication_type", "direction", "status", "from", "to", "subject", "duration", "communicated_at",
    "created_at", "updated_at",
}  # fmt: skip


def test_a_page_of_d21_holds_its_documented_fields_in_the_order_of_its_cursor_field(caller):
    answer = caller.exports("/S4/D21", **MAY, limit=1000, includeTotal="true")
    body = answer.json()["body"]
    rows = body["rows"]
    assert all(row.keys() == FIELDS for row in rows)
    assert [row["communicated_at"] for row in rows] == sorted(row["communicated_at"] for row in rows)
    assert body["pagination"]["total"] == len(caller.emulator.communications.rows(START, END, caller.emulator.now))


def test_its_ids_are_its_own_and_its_durations_have_fractions_or_are_null(caller):
    rows = caller.emulator.communications.rows(START, END, caller.emulator.now)
    outcomes = caller.emulator.manual_logs.rows(START, END, caller.emulator.now)
    assert {row["public_id"] for row in rows}.isdisjoint(row["public_id"] for row in outcomes)
    durations = [row["duration"] for row in rows if row["communication_type"] == "CALL"]
    assert None in durations
    assert any(duration and duration % 1 for duration in durations)
    assert {row["duration"] for row in rows if row["communication_type"] != "CALL"} == {None}


def test_a_status_changes_after_the_fact_and_the_row_says_so(caller):
    soon, later = (
        {row["public_id"]: row for row in caller.emulator.communications.rows(START, END, now)}
        for now in (END, END + timedelta(days=20))
    )
    changed = [(soon[key], later[key]) for key in soon if soon[key] != later[key]]
    assert changed
    for before, after in changed:
        assert before["status"] == "SENT" != after["status"]
        assert before["updated_at"] < after["updated_at"]
