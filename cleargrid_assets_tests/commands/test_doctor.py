"""`cleargrid doctor` says line by line what a load needs and what to do about what is missing."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets.commands.doctor import EXIT_CODES
from cleargrid_assets_tests.addresses import FILE, POSTGRES

LINES = ("settings", "address", "login", "page", "count", "warehouse")


def examined(variables):
    """The exit code and the lines of `cleargrid doctor` on these variables."""
    done = CliRunner(env=dict(variables)).invoke(cleargrid, ["doctor"], catch_exceptions=False)
    return done.exit_code, {line.split()[0]: line.split(maxsplit=1)[1] for line in done.output.splitlines()}


def test_when_all_is_well_every_line_is_ok_and_nothing_is_made(platform):
    code, lines = examined(platform.variables)
    assert code == 0
    assert tuple(lines) == LINES
    assert all(line.startswith("ok") for line in lines.values())
    assert not platform.warehouse.exists


def test_a_warehouse_that_is_there_is_opened_and_left_as_it_was(platform):
    platform.load()
    before = platform.landed()
    assert examined(platform.variables)[0] == 0
    assert platform.landed() == before


def test_without_any_setting_each_missing_one_is_named_and_nothing_is_sent(platform):
    code, lines = examined({})
    assert code == EXIT_CODES["settings"]
    assert "CLEARGRID_ENVIRONMENT is not set" in lines["settings"]
    assert lines["login"] == "not tried: settings comes first"
    assert platform.emulator.requests == []


def test_all_wrong_settings_are_told_at_once(platform):
    _, lines = examined({**platform.variables, "CLEARGRID_PAGE_SIZE": "0", "CLEARGRID_TIMEZONE": "Mars/Base"})
    assert "CLEARGRID_PAGE_SIZE" in lines["settings"]
    assert "CLEARGRID_TIMEZONE" in lines["settings"]


@pytest.mark.parametrize(
    ("trouble", "line", "advice"),
    [
        ({"CLEARGRID_BASE_URL": "http://127.0.0.1:9"}, "address", "does not answer"),
        ({"CLEARGRID_BASE_URL": "http://example.com"}, "address", "HTTPS"),
        ({"CLEARGRID_PASSWORD": "wrong"}, "login", "CLEARGRID_PASSWORD"),
        ({"CLEARGRID_LENDER": "nobody"}, "login", "CLEARGRID_LENDER"),
        ({"CLEARGRID_WAREHOUSE": "/proc/here/warehouse.duckdb"}, "warehouse", "/proc/here"),
        ({"CLEARGRID_OUTCOMES": "absent.csv"}, "settings", "CLEARGRID_OUTCOMES"),
    ],
)
def test_each_trouble_has_its_line_its_advice_and_its_exit_code(platform, trouble, line, advice):
    code, lines = examined({**platform.variables, **trouble})
    assert code == EXIT_CODES[line]
    assert lines[line].startswith("FAILED")
    assert advice in lines[line]


@pytest.mark.parametrize("warehouse_variables", [POSTGRES], indirect=True)
@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        ({}, "the first load makes it"),
        ({"CLEARGRID_LAKE_DATA": ""}, "CLEARGRID_LAKE_DATA is not set"),
        ({"CLEARGRID_LAKE_DATA": "/proc/here/lake"}, "nothing can be written in /proc"),
        ({"CLEARGRID_WAREHOUSE": "ducklake:postgres:host=127.0.0.1 port=9 dbname=lake"}, "does not answer"),
    ],
)
def test_a_lake_that_is_yet_to_be_created_is_examined_as_far_as_its_files_and_not_created(platform, trouble, expected):
    code, lines = examined({**platform.variables, **trouble})
    assert expected in lines["warehouse"]
    assert lines["warehouse"].startswith("ok") is (code == 0) is (trouble == {})
    assert not platform.warehouse.exists


@pytest.mark.parametrize(("fault", "line"), [("down", "page"), ("always-times-out", "page"), ("no-pagination", "page")])
def test_an_export_that_fails_is_told_with_what_to_do(start_platform, fault, line):
    platform = start_platform(faults=[fault])
    code, lines = examined(platform.variables)
    assert code == EXIT_CODES[line]
    assert "Send ClearGrid" in lines[line] or "Run the month again" in lines[line]


def test_an_export_that_does_not_count_is_no_failure(start_platform):
    platform = start_platform(faults=["total-times-out"], now=None)
    code, lines = examined(platform.variables)
    assert code == 0
    assert "without being reconciled" in lines["count"]


@pytest.mark.parametrize("warehouse_variables", [FILE], indirect=True)
def test_what_is_no_warehouse_is_told(platform):
    platform.file.write_text("notes, not a database, but long enough to be taken for one\n" * 200)
    code, lines = examined(platform.variables)
    assert code == EXIT_CODES["warehouse"]
    assert "CLEARGRID_WAREHOUSE" in lines["warehouse"]


def test_no_secret_is_told(platform):
    secret = "hunter2-planted"
    done = CliRunner(env={**platform.variables, "CLEARGRID_PASSWORD": secret}).invoke(cleargrid, ["doctor"])
    assert secret not in done.output


def test_the_help_lists_the_exit_codes():
    output = CliRunner().invoke(cleargrid, ["doctor", "--help"]).output
    assert all(f"{code} {name}" in " ".join(output.split()) for name, code in EXIT_CODES.items())
