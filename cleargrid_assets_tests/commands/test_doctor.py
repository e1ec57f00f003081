"""`cleargrid doctor` lists everything a load needs, line by line, and says how to get what is missing."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets.commands.doctor import EXIT_CODES
from cleargrid_assets.emulator import Credentials
from cleargrid_assets.settings import SETTINGS
from cleargrid_assets_tests.platform_copies import load_months
from cleargrid_assets_tests.platform_under_test import MAY
from cleargrid_assets_tests.warehouse_kinds import FILE, POSTGRES
from cleargrid_assets_tests.webhook_receiver import run_receiver

OTHER_ID = "5f3a1c9e-0000-4000-8000-0000000000ff"
LINES = ("settings", "address", "login", "page", "count", "warehouse")


def run_doctor(variables, *arguments):
    """Run `cleargrid doctor` with these variables; return its exit code and all its lines."""
    result = CliRunner(env=dict(variables)).invoke(cleargrid, ["doctor", *arguments], catch_exceptions=False)
    return result.exit_code, result.output.splitlines()


def doctor_results(variables, *arguments):
    """The exit code, and the last line of each check, which is its result."""
    code, lines = run_doctor(variables, *arguments)
    return code, {line.split()[0]: line.split(maxsplit=1)[1] for line in lines}


def failures(variables):
    """The text of each failed line about the settings."""
    _, lines = run_doctor(variables)
    return [line.partition("FAILED. ")[2] for line in lines if line.startswith("settings") and "FAILED" in line]


def test_when_all_is_well_every_line_is_ok_and_nothing_is_made(platform):
    code, lines = doctor_results(platform.variables)
    assert code == 0
    assert tuple(lines) == LINES
    assert all(line.startswith("ok") for line in lines.values())
    assert not platform.warehouse.exists


def test_a_warehouse_that_is_there_is_opened_and_left_as_it_was(start_after):
    platform = start_after(load_months, MAY)
    before = platform.landed()
    code, lines = doctor_results(platform.variables)
    assert code == 0
    assert "of lender demo-lender (" in lines["warehouse"]
    assert "in emulator, months in UTC, tables of version" in lines["warehouse"]
    assert platform.landed() == before


def test_the_warehouse_of_another_environment_zone_or_lender_is_called_so(start_platform):
    platform = start_platform()
    platform.load()
    others = start_platform(credentials=Credentials(lender="other", lender_public_id=OTHER_ID))
    wrong = {
        "not of lender demo-lender in staging": {**platform.variables, "CLEARGRID_ENVIRONMENT": "staging"},
        "run `cleargrid rezone`": {**platform.variables, "CLEARGRID_TIMEZONE": "Asia/Dubai"},
        "not of lender other in emulator": others.variables,
    }
    for sentence, variables in wrong.items():
        code, lines = doctor_results(variables)
        assert code == EXIT_CODES["warehouse"]
        assert sentence in lines["warehouse"]


def test_without_any_setting_each_missing_one_is_named_and_nothing_is_sent(platform):
    code, lines = run_doctor({})
    assert code == EXIT_CODES["settings"]
    setting_names = [line.split("FAILED. ")[1].split()[0] for line in lines if "FAILED" in line]
    assert setting_names == ["CLEARGRID_ENVIRONMENT", "CLEARGRID_LENDER", "CLEARGRID_EMAIL", "CLEARGRID_PASSWORD"]
    assert "login      skipped: fix settings first" in lines
    assert platform.emulator.requests == []


@pytest.mark.parametrize("variables", [{}, {"CLEARGRID_ENVIRONMENT": "emulator"}])
def test_right_after_a_demo_it_checks_the_emulators_settings_and_warehouse_and_says_so(platform, variables):
    platform.with_variables(CLEARGRID_WAREHOUSE="data/emulator.duckdb").load()
    code, lines = doctor_results(variables)
    assert code == 0
    assert "emulator" in lines["settings"]
    assert "no ClearGrid account is configured (`cleargrid emulator` starts" in lines["settings"]
    assert lines["page"] == "skipped: no ClearGrid account is configured"
    assert lines["warehouse"].startswith("ok, data/emulator.duckdb, of lender demo-lender")


def test_right_after_a_demo_a_wrong_setting_is_still_wrong(platform):
    platform.with_variables(CLEARGRID_WAREHOUSE="data/emulator.duckdb").load()
    variables = {"CLEARGRID_PAGE_SIZE": "0", "CLEARGRID_TIME_ZONE": "Asia/Dubai"}
    assert [failure.split()[0] for failure in failures(variables)] == ["CLEARGRID_TIME_ZONE", "CLEARGRID_PAGE_SIZE"]
    assert doctor_results(variables)[0] == EXIT_CODES["settings"]


def test_an_emulators_warehouse_that_cannot_be_named_is_one_line():
    assert "CLEARGRID_WAREHOUSE names no file, so nothing would be kept; use the path of a DuckDB file." in failures(
        {"CLEARGRID_ENVIRONMENT": "emulator", "CLEARGRID_WAREHOUSE": ":memory:"}
    )


def test_an_account_without_an_environment_is_not_checked_as_the_emulator(platform):
    platform.with_variables(CLEARGRID_WAREHOUSE="data/emulator.duckdb").load()
    assert "CLEARGRID_ENVIRONMENT is not set" in failures({"CLEARGRID_LENDER": "a-real-lender"})[0]


def test_each_wrong_setting_has_a_line_of_its_own(platform):
    wrong = {"CLEARGRID_PAGE_SIZE": "0", "CLEARGRID_TIMEZONE": "Mars/Base", "CLEARGRID_OUTCOMES": "absent.csv"}
    assert failures({**platform.variables, **wrong}) == [
        "CLEARGRID_PAGE_SIZE is '0'; use a whole number from 1 to 1000.",
        "CLEARGRID_TIMEZONE is 'Mars/Base', which is not an IANA time zone; use one such as Asia/Dubai.",
        f"there is no file {Path('absent.csv').absolute()}; correct CLEARGRID_OUTCOMES.",
    ]


def test_the_settings_in_force_are_listed_with_where_each_comes_from(platform):
    Path(".env").write_text("CLEARGRID_ROW_SCOPE=all\nCLEARGRID_PAGE_SIZE=7\n", encoding="utf-8")
    webhook = "https://chat.example/planted-hook"
    _, lines = run_doctor({**platform.variables, "CLEARGRID_ALERT_WEBHOOK": webhook, "CLEARGRID_STALL_SECONDS": "1"})
    settings_lines = {
        line.split()[1]: line.split()[2:] for line in lines if "CLEARGRID_" in line and "FAILED" not in line
    }
    assert list(settings_lines) == [setting.name for setting in SETTINGS]
    assert settings_lines["CLEARGRID_PAGE_SIZE"] == ["100", "environment"]
    assert settings_lines["CLEARGRID_ROW_SCOPE"] == ["all", ".env"]
    assert settings_lines["CLEARGRID_TIMEZONE"] == ["UTC", "default"]
    assert settings_lines["CLEARGRID_OUTCOMES"] == ["none", "default"]
    assert settings_lines["CLEARGRID_STALL_SECONDS"] == ["not", "usable", "environment"]
    assert settings_lines["CLEARGRID_ALERT_WEBHOOK"] == settings_lines["CLEARGRID_PASSWORD"] == ["***", "environment"]
    assert "planted-hook" not in "".join(lines)


def test_the_webhook_is_tried_on_request_only(platform):
    with run_receiver() as chat:
        variables = {**platform.variables, "CLEARGRID_ALERT_WEBHOOK": chat.url}
        assert doctor_results(variables)[0] == 0
        assert chat.texts == []
        code, lines = doctor_results(variables, "--alert")
        assert (code, lines["alert"]) == (0, "ok, a test message was accepted")
        (text,) = chat.texts
    assert "nothing is wrong" in text


@pytest.mark.parametrize(
    ("webhook", "sentence"),
    [
        ("", "CLEARGRID_ALERT_WEBHOOK is not set"),
        ("http://127.0.0.1:9/hook", "the alert was not delivered: ConnectionError at CLEARGRID_ALERT_WEBHOOK"),
    ],
)
def test_a_webhook_that_takes_no_message_is_a_failure_of_its_own(platform, webhook, sentence):
    code, lines = doctor_results({**platform.variables, "CLEARGRID_ALERT_WEBHOOK": webhook}, "--alert")
    assert code == EXIT_CODES["alert"]
    assert lines["alert"].startswith(f"FAILED. {sentence}")


@pytest.mark.parametrize(
    ("overrides", "line", "advice"),
    [
        ({"CLEARGRID_BASE_URL": "http://127.0.0.1:9"}, "address", "does not respond"),
        ({"CLEARGRID_BASE_URL": "http://example.com"}, "address", "HTTPS"),
        ({"CLEARGRID_BASE_URL": "https://v3-api.cleargrid.ai/admin/v3"}, "address", "leave out '/admin/v3'"),
        ({"CLEARGRID_PASSWORD": "wrong"}, "login", "CLEARGRID_PASSWORD"),
        ({"CLEARGRID_LENDER": "nobody"}, "login", "CLEARGRID_LENDER"),
        ({"CLEARGRID_WAREHOUSE": "/proc/here/warehouse.duckdb"}, "warehouse", "/proc/here"),
        ({"CLEARGRID_OUTCOMES": "absent.csv"}, "settings", "CLEARGRID_OUTCOMES"),
    ],
)
def test_each_problem_has_its_line_its_advice_and_its_exit_code(platform, overrides, line, advice):
    code, lines = doctor_results({**platform.variables, **overrides})
    assert code == EXIT_CODES[line]
    assert lines[line].startswith("FAILED")
    assert advice in lines[line]


@pytest.mark.parametrize("warehouse_variables", [POSTGRES], indirect=True)
@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, "the first load creates it"),
        ({"CLEARGRID_LAKE_DATA": ""}, "CLEARGRID_LAKE_DATA is not set"),
        ({"CLEARGRID_LAKE_DATA": "/proc/here/lake"}, "nothing can be written in /proc"),
        ({"CLEARGRID_WAREHOUSE": "ducklake:postgres:host=127.0.0.1 port=9 dbname=lake"}, "does not respond"),
    ],
)
def test_a_lake_that_is_yet_to_be_created_is_examined_as_far_as_its_files_and_not_created(
    platform, overrides, expected
):
    code, lines = doctor_results({**platform.variables, **overrides})
    assert expected in lines["warehouse"]
    assert lines["warehouse"].startswith("ok") is (code == 0) is (overrides == {})
    assert not platform.warehouse.exists


@pytest.mark.parametrize(("fault", "line"), [("down", "page"), ("always-times-out", "page"), ("no-pagination", "page")])
def test_an_export_that_fails_is_told_with_what_to_do(start_platform, fault, line):
    platform = start_platform(faults=[fault])
    code, lines = doctor_results(platform.variables)
    assert code == EXIT_CODES[line]
    assert "end ClearGrid" in lines[line]
    assert "run the month" not in lines[line].lower()


def test_an_export_that_does_not_count_is_no_failure(start_platform):
    platform = start_platform(faults=["total-times-out"], now=None)
    code, lines = doctor_results(platform.variables)
    assert code == 0
    assert "cannot be reconciled" in lines["count"]


@pytest.mark.parametrize("warehouse_variables", [FILE], indirect=True)
def test_what_is_no_warehouse_is_told(platform):
    platform.file.write_text("notes, not a database, but long enough to be taken for one\n" * 200)
    code, lines = doctor_results(platform.variables)
    assert code == EXIT_CODES["warehouse"]
    assert "CLEARGRID_WAREHOUSE" in lines["warehouse"]


@pytest.mark.parametrize("warehouse_variables", [FILE], indirect=True)
def test_a_database_with_other_tables_only_is_told(platform):
    with closing(duckdb.connect(platform.file)) as connection:
        connection.execute("CREATE TABLE notes AS SELECT 'mine' AS note")
    code, lines = doctor_results(platform.variables)
    assert code == 0
    assert lines["warehouse"].endswith("It holds other tables only: is CLEARGRID_WAREHOUSE right?")


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("CLEARGRID_LAKE_DATA", "s3://AKIA:{}@bucket/rows"),
        ("CLEARGRID_LAKE_DATA", "s3://bucket/rows?s3_secret_access_key={}"),
        ("CLEARGRID_LAKE_DATA", "gs://AKIA:{}@bucket/rows"),
        ("CLEARGRID_BASE_URL", "https://127.0.0.1/?token={}"),
        ("CLEARGRID_UI_URL", "https://user:{}@dagster.example.com"),
        ("CLEARGRID_UI_URL", "https://dagster.example.com?token={}"),
        ("CLEARGRID_UI_URL", "https://dagster.example.com/#token={}"),
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_told(platform, name, address):
    secret = "hunter2-planted"
    code, lines = run_doctor({**platform.variables, name: address.format(secret)})
    assert code in {EXIT_CODES["settings"], EXIT_CODES["address"]}
    assert secret not in "\n".join(lines)
    assert platform.emulator.requests == []


def test_no_secret_is_told(platform):
    secret = "hunter2-planted"
    result = CliRunner(env={**platform.variables, "CLEARGRID_PASSWORD": secret}).invoke(cleargrid, ["doctor"])
    assert secret not in result.output


def test_the_help_lists_the_exit_codes():
    output = CliRunner().invoke(cleargrid, ["doctor", "--help"]).output
    assert all(f"{code} {name}" in " ".join(output.split()) for name, code in EXIT_CODES.items())
