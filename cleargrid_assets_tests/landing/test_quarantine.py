"""Bad rows on their way from the response to the quarantine and the check on their number."""

from __future__ import annotations

import json

import pytest

from cleargrid_assets_tests.fixed_rows import WILD_JSON, serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_under_test import LOGS, MAY, QUARANTINE

WITHIN_THE_LIMIT = "quarantined_rows_are_within_the_limit"

ODD_ROWS = {
    "a null id": ({"public_id": None}, "null:public_id"),
    "text for a boolean": ({"is_active": "true"}, "bad_type:is_active"),
    "NaN for a boolean": ({"is_ptp_broken": "@NAN@"}, "bad_type:is_ptp_broken"),
    "1e400 for an instant": ({"created_at": "@HUGE@"}, "bad_type:created_at"),
    "half a surrogate pair": ({"outcome_option": "@HALF@"}, "not_unicode:outcome_option"),
    "a NUL character": ({"interaction_source": "AGE\0NT"}, "nul_character:interaction_source"),
    "a megabyte of text": ({"communication_type": "x" * 1_000_000}, "too_long:communication_type"),
    "an unparsable instant": ({"updated_at": "yesterday"}, "unparsable:updated_at"),
    "an instant outside the window": (
        {"communicated_at": "2031-01-01T00:00:00.000Z"},
        "outside_window:communicated_at",
    ),
}


@pytest.fixture
def lenient_platform(start_platform):
    """A platform whose emulator can send invalid JSON; up to half of a month may be quarantined."""
    return start_platform(faults=[WILD_JSON], variables={"CLEARGRID_QUARANTINE_LIMIT": "0.5"})


@pytest.mark.parametrize(("changed", "reason"), ODD_ROWS.values(), ids=list(ODD_ROWS))
def test_a_bad_row_is_quarantined_and_costs_nothing_else_of_its_page(lenient_platform, changed, reason):
    serve(lenient_platform, [row(number, **(changed if number == 20 else {})) for number in range(1, 40)])
    assert lenient_platform.load().success
    assert [landed[0] for landed in lenient_platform.landed()] == [
        f"{number:024x}" for number in range(1, 40) if number != 20
    ]
    assert lenient_platform.query(f"SELECT month::VARCHAR, reasons FROM {QUARANTINE}") == [(MAY, [reason])]


def test_a_page_of_nothing_but_bad_rows_lands_none_and_loses_none(lenient_platform):
    serve(lenient_platform, [row(number, **changed) for number, (changed, _) in enumerate(ODD_ROWS.values(), start=1)])
    lenient_platform.load()
    assert lenient_platform.landed() == []
    assert sorted(
        reason for (reasons,) in lenient_platform.query(f"SELECT reasons FROM {QUARANTINE}") for reason in reasons
    ) == (sorted(reason for _, reason in ODD_ROWS.values()))


def test_a_quarantined_row_of_ids_instants_and_short_words_is_kept_as_it_was_received(platform):
    bad = row(2, is_active="true", outcome_option=None)
    serve(platform, [row(1), bad])
    platform.load()
    ((quarantined_row, identity),) = platform.query(f"SELECT row, public_id FROM {QUARANTINE}")
    assert (json.loads(quarantined_row), identity) == (bad, bad["public_id"])


SPOKEN = "call +971 50 123 4567 after five, ask for Ahmed"
PLANTED = {
    "too long": {"outcome_option": SPOKEN * 60},
    "under a key of an object": {"outcome_option": {"value": "PTP", "note": SPOKEN}},
    "as a key of an object": {"outcome_option": {SPOKEN: 1}},
    "in a list": {"communication_type": [SPOKEN]},
    "in place of an id": {"public_id": SPOKEN * 60},
    "in place of an instant": {"created_at": SPOKEN},
    "beside a bad value": {"outcome_option": SPOKEN, "is_active": "yes"},
    "as an id, beside a bad value": {"public_id": SPOKEN, "is_active": "yes"},
}


@pytest.mark.parametrize("changed", PLANTED.values(), ids=list(PLANTED))
def test_free_text_of_a_row_that_cannot_be_landed_is_in_no_byte_of_any_file(start_platform, clean_environment, changed):
    platform = start_platform(variables={"CLEARGRID_QUARANTINE_LIMIT": "1"})
    serve(platform, [row(1), row(2, **changed)])
    run = platform.load()
    assert run.success
    assert platform.last_load()["rows_quarantined"] == 1
    files = b"".join(file.read_bytes() for file in clean_environment.rglob("*") if file.is_file())
    stored_bytes = files + "".join(str(event) for event in run.all_events).encode()
    assert [part for part in ("+971 50", "123 4567", "after five", "Ahmed") if part.encode() in stored_bytes] == []


def test_a_quarantined_row_is_gone_when_a_later_load_gets_it_right(platform):
    serve(platform, [row(1), row(2, is_active="true")])
    platform.load()
    serve(platform, [row(1), row(2)])
    platform.load()
    assert platform.query(f"SELECT * FROM {QUARANTINE}") == []
    assert len(platform.landed()) == 2


def test_more_quarantined_rows_than_the_limit_fail_the_blocking_check_which_says_why(platform):
    serve(platform, [row(number, **({"is_active": "true"} if number <= 2 else {})) for number in range(1, 101)])
    run = platform.load()
    assert not run.success
    (check,) = [event for event in run.get_asset_check_evaluations() if event.check_name == WITHIN_THE_LIMIT]
    assert (check.passed, check.blocking) == (False, True)
    assert "CLEARGRID_QUARANTINE_LIMIT" in check.description
    (record,) = check.metadata["first_offending_rows"].records
    assert (record.data["rows_quarantined"], record.data["rows_received"]) == ("2", "100")


def test_as_many_quarantined_rows_as_the_limit_allows_pass(start_platform):
    platform = start_platform(variables={"CLEARGRID_QUARANTINE_LIMIT": "0.02"})
    serve(platform, [row(number, **({"is_active": "true"} if number <= 2 else {})) for number in range(1, 101)])
    assert platform.load().success


def test_a_blocking_check_that_fails_keeps_derived_tables_from_following(platform):
    serve(platform, [row(1, is_active="true")])
    run = platform.refresh()
    assert not run.success
    materialized = {event.asset_key for event in run.get_asset_materialization_events()}
    assert {key.path[0] for key in materialized} == {"raw"}
    assert LOGS in materialized


def test_the_names_of_unknown_fields_are_told_once_and_their_values_are_nowhere(platform, clean_environment):
    secret = "+971 50 000 0000"
    serve(platform, [row(number, phone=secret, note=f"call {secret}") for number in range(1, 300)])
    run = platform.load()
    evaluations = [
        event for event in run.get_asset_check_evaluations() if event.check_name == "no_unknown_field_was_sent"
    ]
    (record,) = evaluations[0].metadata["first_offending_rows"].records
    assert record.data["unknown_fields"] == "note, phone"
    assert not evaluations[0].passed
    assert run.success
    events = "".join(str(event) for event in run.all_events)
    files = b"".join(file.read_bytes() for file in clean_environment.rglob("*") if file.is_file())
    assert secret not in events
    assert secret.encode() not in files
