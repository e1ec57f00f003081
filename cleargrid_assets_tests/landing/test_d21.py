"""D21 lands exactly, from its declaration alone, and none of its personal data is stored or reported."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from cleargrid_assets.emulator.faults import Fault
from cleargrid_assets.landing.rows import RowConverter
from cleargrid_assets.tables.d21 import D21
from cleargrid_assets_tests.landing.communication_logs import (
    BOTH,
    PERSONAL,
    TABLES,
    landed,
    load,
    results,
    row,
    sent,
    serve,
    truth,
)
from cleargrid_assets_tests.landing.rows_of_may import MAY as MAY_WINDOW
from cleargrid_assets_tests.platform_under_test import MAY, failure_of_step

pytestmark = pytest.mark.slow

APRIL = "2026-04-01"
EARLY = datetime(2026, 5, 20, 12, tzinfo=UTC)


@pytest.fixture
def platform(start_platform):
    """The platform with both datasets."""
    return start_platform(variables=BOTH)


def test_a_month_lands_exactly_with_fractional_durations_and_passes_every_check(platform):
    run = load(platform)
    assert run.success
    assert landed(platform) == truth(platform)
    durations = [duration for *_, duration, _, _, _ in landed(platform) if duration is not None]
    assert [duration for duration in durations if duration % 1]
    assert all(results(run).values())
    assert {*results(run)} >= {"no_duration_is_negative", "every_received_row_is_accounted_for"}
    ((received, total),) = platform.query("SELECT rows_received, expected_total FROM raw.d21_loads")
    assert received == total == len(sent(platform))


def test_durations_are_exact_to_the_last_bit(platform):
    durations = [0.1, 1e-9, 12.345, 3600, 0.30000000000000004, None, 0]
    serve(platform, [row(number, duration=duration) for number, duration in enumerate(durations, start=1)])
    assert load(platform).success
    assert [line[4] for line in landed(platform)] == durations


def test_nothing_personal_is_in_any_byte_of_any_file_or_event(platform, clean_environment):
    runs = [load(platform)]
    platform.emulator.now = datetime(2026, 6, 25, tzinfo=UTC)
    serve(platform, [row(number) for number in range(1, 400)] + [row(400, created_at="never"), row(401, status=7)])
    platform = platform.with_variables(CLEARGRID_VANISH_LIMIT="1")
    runs.append(load(platform))
    assert all(run.success for run in runs)
    values = {
        value for line in [*sent(platform), row()] for value in (line["from"], line["to"], line["subject"]) if value
    }
    tables = [f"raw.{name}" for (name,) in platform.query(TABLES)]
    rows = "".join(str(platform.query(f"SELECT * FROM {table}")) for table in tables)  # the file may be compressed
    files = b"".join(file.read_bytes() for file in clean_environment.rglob("*") if file.is_file())
    stored_bytes = files + "".join([rows, *(str(event) for run in runs for event in run.all_events)]).encode()
    assert len(values) > 100
    assert [value for value in values if value.encode() in stored_bytes] == []


BROKEN = {
    "half a document": Fault("half a document", garble=lambda body, _: body[: len(body) // 2].ljust(len(body))),
    "no pagination": Fault("no pagination", alter=lambda envelope, _: envelope["body"].pop("pagination") and envelope),
    "an error envelope": Fault("an error envelope", alter=lambda envelope, _: {**envelope, "code": 500}),
}


@pytest.mark.parametrize("fault", BROKEN.values(), ids=list(BROKEN))
def test_nothing_personal_is_in_the_error_of_a_load_that_breaks(platform, clean_environment, fault):
    serve(platform, [row(number) for number in range(1, 50)])
    with platform.inject_fault(fault):
        run = load(platform)
    assert failure_of_step(run)["error"] == "UnexpectedAnswerError"
    files = b"".join(file.read_bytes() for file in clean_environment.rglob("*") if file.is_file())
    stored_bytes = files + "".join(str(event) for event in run.all_events).encode()
    assert [value for value in PERSONAL.values() if value.encode() in stored_bytes] == []


def test_a_bad_row_is_quarantined_without_its_personal_fields(platform):
    serve(platform, [*(row(number) for number in range(1, 200)), row(200, duration="12.5")])
    assert load(platform).success
    ((public_id, reasons, kept),) = platform.query("SELECT public_id, reasons, row FROM raw.d21_quarantine")
    assert (public_id, reasons) == (f"{200:024x}", ["bad_type:duration"])
    assert json.loads(kept).keys() == {*D21.field_names}
    assert json.loads(kept)["duration"] == "12.5"


BAD_DURATIONS = [
    ("12.5", "bad_type"), (True, "bad_type"), ([1], "bad_type"), (2**53 + 1, "bad_type"), (10**400, "bad_type"),
    (float("nan"), "not_finite"), (float("inf"), "not_finite"), ({"seconds": 1}, "bad_type"),
]  # fmt: skip


@pytest.mark.parametrize(("duration", "reason"), BAD_DURATIONS)
def test_what_is_no_number_is_no_duration_and_costs_no_other_row(duration, reason):
    batch = RowConverter(D21).convert([row(1), row(2, duration=duration), row(3, duration=None)], MAY_WINDOW)
    assert batch.rows["public_id"].to_pylist() == [f"{number:024x}" for number in (1, 3)]
    assert [bad.reasons for bad in batch.quarantined] == [(f"{reason}:duration",)]


def test_personal_fields_are_documented_and_may_be_missing():
    rows = [row(1), {name: value for name, value in row(2).items() if name not in PERSONAL}, row(3, note="x")]
    batch = RowConverter(D21).convert(rows, MAY_WINDOW)
    assert batch.rows.num_rows == 3
    assert batch.unknown_fields == {"note"}


def test_a_re_read_records_what_changed_and_equals_the_truth_of_then(platform):
    platform.emulator.now = EARLY
    load(platform)
    before = {line[0]: line for line in landed(platform)}
    platform.emulator.now = datetime(2026, 6, 20, tzinfo=UTC)
    assert load(platform).success
    assert landed(platform) == truth(platform)
    after = {line[0]: line for line in landed(platform)}
    changed = {key for key in before if before[key] != after[key]}
    assert changed
    changes = "SELECT DISTINCT public_id FROM raw.d21_changes WHERE change = 'changed'"
    assert {key for (key,) in platform.query(changes)} == changed
    fields = {
        field for (field,) in platform.query("SELECT DISTINCT field FROM raw.d21_changes WHERE field IS NOT NULL")
    }
    assert {"status", "updated_at"} <= fields <= {*D21.field_names}


def test_a_row_that_moves_to_another_month_is_in_one_month_and_in_both_histories(platform):
    serve(platform, [row(1), row(2)])
    load(platform)
    moved = row(1, communicated_at="2026-04-10T08:00:00.000Z", updated_at="2026-05-30T00:00:00.000Z")
    serve(platform, [moved, row(2)])
    assert all(results(load(platform, APRIL)).values())
    months = platform.query("SELECT month::VARCHAR, count(*) FROM raw.d21_communication_logs GROUP BY ALL ORDER BY ALL")
    assert months == [(APRIL, 1), (MAY, 1)]
    histories = "SELECT DISTINCT month::VARCHAR FROM raw.d21_changes WHERE change = 'moved' ORDER BY 1"
    assert platform.query(histories) == [(APRIL,), (MAY,)]
    assert platform.query("SELECT month::VARCHAR, rows FROM raw.d21_moved_away") == [(MAY, 1)]


def test_more_quarantined_rows_than_the_limit_fail_the_blocking_check_which_names_its_own_table(platform):
    serve(platform, [row(1), row(2, status=7)])
    run = load(platform)
    assert not run.success
    assert results(run)["quarantined_rows_are_within_the_limit"] is False
    assert "group raw.d21_quarantine by reasons" in failure_of_step(run)["description"]
