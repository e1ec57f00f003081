"""`cleargrid certificate` prints a month's certificate and finds whatever does not agree with the warehouse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from cleargrid_assets.assets.reports.certificate.certificate import Certificate
from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets_tests.platform_copies import load_months
from cleargrid_assets_tests.platform_under_test import MAY
from cleargrid_assets_tests.reports.certificates import certified, certify_may, change_a_row, folder, summarize

if TYPE_CHECKING:
    from cleargrid_assets_tests.platform_copies import StartAfter
    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow


def verify(platform: Platform, month: str = "2026-05") -> tuple[int, str]:
    """The exit code and output of the command."""
    runner = CliRunner(env=dict(platform.variables))
    result = runner.invoke(cleargrid, ["certificate", month], catch_exceptions=False)
    return result.exit_code, result.output


def sentences(output: str) -> list[str]:
    """The disagreements that the command lists."""
    return [line.removeprefix("- ") for line in output.splitlines() if line.startswith("- ")]


@pytest.fixture
def certified_platform(start_after: StartAfter) -> Platform:
    """May, computed and certified."""
    return start_after(certify_may)


def tamper(platform: Platform, **changed: Any) -> None:
    """Change fields of May's certificate and nothing else in the file."""
    document = certified(platform) | changed
    (folder(platform) / "2026-05.json").write_text(json.dumps(document), encoding="utf-8")


def test_it_prints_the_certificate_and_says_that_everything_agrees(certified_platform: Platform) -> None:
    code, output = verify(certified_platform)
    document = certified(certified_platform)
    assert code == 0
    assert output.startswith("Certificate of 2026-05")
    assert document["rows_digest"] in output
    assert document["run_id"] in output
    assert output.splitlines()[-1] == f"Verified: everything agrees with {certified_platform.warehouse.display_name}."


def test_a_certificate_that_was_tampered_with_is_found(certified_platform: Platform) -> None:
    received = certified(certified_platform)["rows_received"]
    tamper(certified_platform, rows_received=received + 1)
    code, output = verify(certified_platform)
    assert code == 1
    assert sentences(output)[:2] == [
        "The certificate was changed after it was written: its certificate_digest is not the digest of its content.",
        f"rows_received is {received + 1} in the certificate and {received} in the warehouse.",
    ]
    assert "Verified" not in output


def test_tampering_with_what_the_warehouse_does_not_know_is_found_by_the_digest(certified_platform: Platform) -> None:
    tamper(certified_platform, certified_at="2026-01-01T00:00:00Z")
    code, output = verify(certified_platform)
    assert code == 1
    assert sentences(output)[0].startswith("The certificate was changed after it was written")


def test_a_forged_certificate_with_a_right_digest_still_disagrees_with_the_checks(certified_platform: Platform) -> None:
    document = certified(certified_platform)
    for check in document["checks"]:
        check["offending_rows"] = 7 if check["check"] == "every_public_id_is_unique" else check["offending_rows"]
    tamper(certified_platform, checks=document["checks"])
    path = folder(certified_platform) / "2026-05.json"
    forged = Certificate.parse(path.read_bytes())
    path.write_text(forged.json, encoding="utf-8")
    code, output = verify(certified_platform)
    assert code == 1
    assert sentences(output)[0] == (
        "The check every_public_id_is_unique of raw.d23_manual_communication_logs found 7 offending rows when the "
        "month was certified and finds 0 offending rows now."
    )


def test_the_next_summary_replaces_what_was_tampered_with(certified_platform: Platform) -> None:
    tamper(certified_platform, rows_received=0)
    assert summarize(certified_platform)["new_certificates"] == ["2026-05"]
    assert verify(certified_platform)[0] == 0


def test_a_page_that_was_tampered_with_is_found(certified_platform: Platform) -> None:
    page = folder(certified_platform) / "2026-05.html"
    page.write_text(page.read_text(encoding="utf-8").replace("holds", "fails"), encoding="utf-8")
    code, output = verify(certified_platform)
    assert code == 1
    assert sentences(output) == [f"The page {page} does not show this certificate: run the job refresh_summary."]


def test_a_row_that_was_changed_in_the_warehouse_is_found(certified_platform: Platform) -> None:
    change_a_row(certified_platform, "is_ptp_broken = NOT is_ptp_broken")
    code, output = verify(certified_platform)
    assert code == 1
    digest = certified(certified_platform)["rows_digest"]
    expected = f"The month's rows are not those that were certified: their digest is {digest} in the certificate and "
    assert any(sentence.startswith(expected) for sentence in sentences(output))


def test_another_load_since_is_said_in_one_sentence(certified_platform: Platform) -> None:
    assert certified_platform.load().success
    code, output = verify(certified_platform)
    assert code == 1
    (sentence,) = sentences(output)
    assert sentence.startswith("The certificate is of load 1, but the month's last load in the warehouse is number 2")
    assert sentence.endswith(
        "the month holds the rows that were certified. Run the job refresh_summary for a new certificate."
    )
    change_a_row(certified_platform)
    assert "the month holds other rows." in verify(certified_platform)[1]


def test_a_certificate_that_does_not_exist_yet_is_one_sentence_with_what_to_run(start_after: StartAfter) -> None:
    platform = start_after(load_months, MAY)
    code, output = verify(platform)
    path = folder(platform) / "2026-05.json"
    assert (code, output) == (
        1,
        f"Error: there is no certificate of 2026-05 yet, {path} does not exist: run the job refresh_summary\n",
    )


def test_a_month_that_was_never_loaded_says_to_load_it(platform: Platform) -> None:
    code, output = verify(platform)
    assert code == 1
    assert output.startswith("Error: 2026-05 has not been loaded into ")
    assert output.endswith("load the month, then run the job refresh_summary\n")
    assert not platform.warehouse.exists


@pytest.mark.parametrize("damage", ["[]", '{"month": 5}', "not JSON", "[" * 100_000])
def test_a_file_that_is_not_a_certificate_is_one_sentence(certified_platform: Platform, damage: str) -> None:
    (folder(certified_platform) / "2026-05.json").write_text(damage)
    code, output = verify(certified_platform)
    assert code == 1
    assert "2026-05.json is not a certificate (it has " in output
    assert "run the job refresh_summary to replace it" in output


def test_a_certificate_without_checks_is_printed_and_not_verified(certified_platform: Platform) -> None:
    tamper(certified_platform, checks=[])
    code, output = verify(certified_platform)
    assert code == 1
    assert "Not verified:" in output


def test_a_number_that_is_no_number_is_not_a_certificate(certified_platform: Platform) -> None:
    tamper(certified_platform, rows_received="many")
    code, output = verify(certified_platform)
    assert code == 1
    assert "is not a certificate (its rows_received" in output


@pytest.mark.parametrize("month", ["2026-13", "2026-5", "2026-05-01", "May", "0000-01", ""])
def test_what_is_no_month_is_refused_with_an_example(platform: Platform, month: str) -> None:
    code, output = verify(platform, month)
    assert code == 2
    assert f"{month!r} is not a month: write year and month as 2026-05." in output
