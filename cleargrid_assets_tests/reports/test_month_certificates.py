"""A certificate states what the ledger and the rows of a month are, and stays as it is while they do."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.assets.reports.certificate.evidence import read_evidence
from cleargrid_assets.emulator.faults import Fault
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_copies import compute_months, load_months
from cleargrid_assets_tests.platform_under_test import FIELDS, MAY
from cleargrid_assets_tests.reports.certificates import (
    certified,
    certify_landed_may,
    certify_may,
    change_a_row,
    folder,
    summarize,
)
from cleargrid_assets_tests.reports.report_pages import Document
from cleargrid_assets_tests.warehouse_kinds import KINDS

if TYPE_CHECKING:
    from cleargrid_assets.assets.reports.certificate.certificate import Evidence
    from cleargrid_assets_tests.platform_copies import StartAfter
    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

APRIL = "2026-04-01"
BLOCK = 1000
OF_ANOTHER_VALUE = {
    "updated_at": "updated_at = updated_at + INTERVAL 1 MICROSECOND",
    "created_at": "created_at = created_at + INTERVAL 1 MICROSECOND",
    "communicated_at": "communicated_at = communicated_at + INTERVAL 1 MICROSECOND",
    "is_ptp_broken": "is_ptp_broken = NOT is_ptp_broken",
    "is_active": "is_active = NOT is_active",
    "outcome_option": "outcome_option = NULL",
    "interaction_source": "interaction_source = ''",
    "communication_type": "communication_type = 'other'",
    "public_id": "public_id = public_id || 'x'",
}
"""The id last: the row to change is the one with the lowest."""


def evidence(platform: Platform) -> Evidence:
    with platform.warehouse.reading() as connection:
        return read_evidence(connection, date(2026, 5, 1))


def sha256(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def digest_of(lines: list[str]) -> str:
    return sha256([sha256(lines[start : start + BLOCK]) for start in range(0, len(lines), BLOCK)])


def as_json(values: tuple[object, ...]) -> str:
    texts = [f"{value:%Y-%m-%dT%H:%M:%S.%fZ}" if isinstance(value, datetime) else value for value in values]
    return json.dumps(texts, separators=(",", ":"), ensure_ascii=False)


def failed_checks(platform: Platform) -> list[str]:
    """The error checks that failed, as May's certificate says."""
    checks = certified(platform)["checks"]
    return [check["check"] for check in checks if check["severity"] == "ERROR" and check["offending_rows"]]


def test_it_says_what_the_ledger_says(start_after: StartAfter) -> None:
    platform = start_after(compute_months, MAY)
    summary = summarize(platform)
    document, load = certified(platform), platform.last_load()
    copied = (
        "load_number", "run_id", "rows_received", "rows_landed", "rows_quarantined", "duplicates_collapsed",
        "rows_moved", "expected_total", "total_exact", "count_request_id",
    )  # fmt: skip
    assert {name: document[name] for name in copied} == {name: load[name] for name in copied}
    assert (document["since"], document["until"]) == ("2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z")
    assert document["rows_in_the_warehouse"] == len(platform.truth())
    assert document["lender_public_id"] == platform.emulator.credentials.lender_public_id
    ((rules,),) = platform.query("SELECT DISTINCT rules_version FROM analytics.kpi_monthly")
    assert document["rules_version"] == rules
    assert document["dagster_version"].startswith("1.13.")
    assert (summary["certificates"], summary["new_certificates"]) == ("1 months", ["2026-05"])


def test_it_names_the_request_that_counted_if_cleargrid_does(platform: Platform) -> None:
    names_its_requests = Fault(
        "names every request", alter=lambda envelope, request: {**envelope, "requestId": f"r{request.number}"}
    )
    with platform.inject_fault(names_its_requests):
        assert platform.load().success
    summarize(platform)
    assert certified(platform)["count_request_id"] == platform.last_load()["count_request_id"] == "r1"


@pytest.mark.parametrize("warehouse_variables", KINDS, indirect=True)
def test_the_digests_can_be_repeated_outside_of_duckdb_and_are_the_same_in_a_lake(start_after: StartAfter) -> None:
    platform = start_after(load_months, MAY)
    summarize(platform)
    document, rows = certified(platform), platform.truth()
    assert len(rows) > BLOCK
    assert document["public_ids_digest"] == digest_of([str(values[0]) for values in rows])
    assert document["rows_digest"] == digest_of([sha256([as_json(values)]) for values in rows])


def test_any_change_of_any_field_of_one_row_changes_the_digest_of_the_rows(platform: Platform) -> None:
    serve(platform, [row(number) for number in range(1, 4)])
    assert platform.load().success
    present = evidence(platform)
    assert tuple(OF_ANOTHER_VALUE) == FIELDS[::-1]
    for field, assignment in OF_ANOTHER_VALUE.items():
        before = present
        change_a_row(platform, assignment)
        present = evidence(platform)
        assert present.rows_digest != before.rows_digest
        assert (present.public_ids_digest != before.public_ids_digest) is (field == "public_id")


def test_it_lists_what_each_check_found(platform: Platform) -> None:
    serve(platform, [*[row(number, note="x") for number in range(1, 10)], row(10, is_active="true")])
    platform.load()
    summarize(platform)
    document = certified(platform)
    observed = {check["check"]: (check["severity"], check["offending_rows"]) for check in document["checks"]}
    assert observed["quarantined_rows_are_within_the_limit"] == ("ERROR", 1)
    assert observed["no_unknown_field_was_sent"] == ("WARN", 1)
    assert observed["every_received_row_is_accounted_for"] == ("ERROR", 0)
    assert (document["rows_received"], document["rows_landed"], document["rows_quarantined"]) == (10, 9, 1)
    assert document["rules_version"] is None


def test_the_page_says_the_same_and_needs_nothing_from_outside(start_after: StartAfter) -> None:
    platform = start_after(certify_may)
    page = Document((folder(platform) / "2026-05.html").read_text(encoding="utf-8"))
    document = certified(platform)
    assert page.outside == []
    said = [f"{document['rows_received']:,}", document["rows_digest"], document["certificate_digest"]]
    assert set(said) <= set(page.words)
    assert "made-up rows" in " ".join(page.words)


def test_it_lists_no_id_of_a_row(start_after: StartAfter) -> None:
    platform = start_after(certify_landed_may)
    texts = [path.read_text(encoding="utf-8") for path in folder(platform).iterdir()]
    assert len(texts) == 2
    assert not [values[0] for values in platform.truth() for text in texts if str(values[0]) in text]


def test_an_unchanged_month_keeps_its_files_and_a_re_read_makes_new_ones(platform: Platform) -> None:
    for month in (APRIL, MAY):
        assert platform.refresh(month).success
    summarize(platform)
    april, may = ({path: path.read_bytes() for path in folder(platform).glob(f"{m}.*")} for m in ("2026-04", "2026-05"))
    assert len(april) == len(may) == 2
    assert summarize(platform)["new_certificates"] == []
    assert {path: path.read_bytes() for path in [*april, *may]} == {**april, **may}
    assert platform.refresh(MAY).success
    assert summarize(platform)["new_certificates"] == ["2026-05"]
    assert {path: path.read_bytes() for path in april} == april
    assert certified(platform)["load_number"] == platform.last_load()["load_number"] == 3


def test_other_rules_make_a_new_one_when_the_month_was_computed_under_them(start_after: StartAfter) -> None:
    platform = start_after(certify_may)
    changed = platform.with_variables(CLEARGRID_ROW_SCOPE="all")
    assert changed.run_job("compute_month", MAY).success
    assert summarize(changed)["new_certificates"] == ["2026-05"]
    assert certified(changed)["rules_version"].startswith("all ")


def test_checks_that_failed_until_the_month_was_computed_hold_in_the_next_one(platform: Platform) -> None:
    serve(platform, [row(1)])
    assert platform.refresh().success
    serve(platform, [row(1), row(2)])
    assert platform.load().success
    summarize(platform)
    assert "every_landed_row_is_an_attempt" in failed_checks(platform)
    assert summarize(platform)["new_certificates"] == []
    assert platform.run_job("compute_month", MAY).success
    assert summarize(platform)["new_certificates"] == ["2026-05"]
    assert failed_checks(platform) == []


@pytest.mark.parametrize("damage", ['{"month": "2026-05"}', "[]", "not JSON", ""])
def test_a_file_that_is_not_a_certificate_is_replaced(start_after: StartAfter, damage: str) -> None:
    platform = start_after(certify_landed_may)
    (folder(platform) / "2026-05.json").write_text(damage)
    assert summarize(platform)["new_certificates"] == ["2026-05"]
    assert certified(platform)["month"] == "2026-05"


def test_a_page_that_is_lost_is_written_again_from_the_same_certificate(start_after: StartAfter) -> None:
    platform = start_after(certify_landed_may)
    page = folder(platform) / "2026-05.html"
    before, document = page.read_bytes(), certified(platform)
    page.unlink()
    assert summarize(platform)["new_certificates"] == []
    assert (page.read_bytes(), certified(platform)) == (before, document)


def test_a_month_without_a_row_has_one(platform: Platform) -> None:
    serve(platform, [])
    assert platform.load().success
    summarize(platform)
    document = certified(platform)
    assert (document["rows_received"], document["rows_digest"]) == (0, sha256([]))


def test_an_empty_warehouse_has_none_and_the_summary_says_so(platform: Platform) -> None:
    assert summarize(platform)["certificates"] == "none: no month has been loaded yet"
    assert not folder(platform).exists()
