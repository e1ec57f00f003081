"""A setting is declared once, read in one order, and refused with one sentence that contains no secret."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from cleargrid_assets.client import SettingsError
from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.settings import SETTINGS, Settings
from cleargrid_assets_tests.platform_under_test import failure_of_step

if TYPE_CHECKING:
    from cleargrid_assets_tests.platform_under_test import Platform

NO_WAREHOUSE = (
    "postgres:host=db dbname=lake password=geheim",
    "postgresql://user:geheim@db/lake",
    "DUCKLAKE:postgres:host=db password=geheim",
    "s3://bucket/geheim.duckdb",
)


@pytest.mark.parametrize("address", NO_WAREHOUSE)
def test_a_warehouse_that_is_neither_a_file_nor_a_lake_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(SettingsError, match=r"CLEARGRID_WAREHOUSE starts with .* ducklake:postgres:host=") as refused:
        _ = Settings({"CLEARGRID_WAREHOUSE": address}).warehouse
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("address", NO_WAREHOUSE)
@pytest.mark.parametrize("place", ["SOURCE", "TARGET"])
def test_nor_is_one_moved_and_no_file_of_its_name_is_made(address: str, place: str) -> None:
    arguments = [address, "other.duckdb"] if place == "SOURCE" else ["other.duckdb", address]
    result = CliRunner().invoke(cleargrid, ["move-warehouse", *arguments])
    assert result.exit_code == 1
    assert f"{place} starts with" in result.output
    assert "geheim" not in result.output
    assert [path for path in Path().rglob("*") if "geheim" in path.name] == []


@pytest.mark.parametrize("address", ["data/rows.duckdb", "/data/a:b.duckdb", "./a:b.duckdb", "ducklake:lake.ducklake"])
def test_a_files_path_and_a_lakes_address_are_kept_as_given(address: str) -> None:
    assert Settings({"CLEARGRID_WAREHOUSE": address}).warehouse == address


@pytest.mark.parametrize("month", ["0000-01", "1969-12", "2024-13", "2024", "next"])
def test_a_first_month_that_no_row_can_lie_in_is_refused(month: str) -> None:
    with pytest.raises(SettingsError, match="CLEARGRID_START_MONTH"):
        _ = Settings({"CLEARGRID_START_MONTH": month}).start_month


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("CLEARGRID_PAGE_SIZE", "1", 1),
        ("CLEARGRID_PAGE_SIZE", "1000", 1000),
        ("CLEARGRID_VANISH_LIMIT", "0", 0.0),
        ("CLEARGRID_VANISH_LIMIT", "1", 1.0),
        ("CLEARGRID_VANISH_LIMIT", "1e-05", 0.00001),
        ("CLEARGRID_START_MONTH", "1970-01", date(1970, 1, 1)),
        ("CLEARGRID_START_MONTH", "2199-12-01", date(2199, 12, 1)),
    ],
)
def test_a_value_at_its_bound_is_taken(name: str, text: str, value: object) -> None:
    assert value_of(name, text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CLEARGRID_PAGE_SIZE", "0"),
        ("CLEARGRID_PAGE_SIZE", "1001"),
        ("CLEARGRID_TRAILING_MONTHS", "-0"),
        ("CLEARGRID_VANISH_LIMIT", "1.01"),
        ("CLEARGRID_VANISH_LIMIT", "-0.1"),
        ("CLEARGRID_VANISH_LIMIT", "nan"),
        ("CLEARGRID_START_MONTH", "2024-01-02"),
    ],
)
def test_a_value_beyond_its_bounds_is_refused(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is '{text}'"):
        value_of(name, text)


def value_of(name: str, text: str) -> object:
    """What the setting's text means."""
    (attribute,) = [setting.attribute for setting in SETTINGS if setting.name == name]
    return getattr(Settings({name: text}), attribute)


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "posix/Asia/Dubai", "Mars/Base", "../zone", "Asia"])
def test_a_zone_that_the_database_does_not_know_is_refused_before_anything_is_loaded(zone: str) -> None:
    with pytest.raises(SettingsError, match="CLEARGRID_TIMEZONE"):
        _ = Settings({"CLEARGRID_TIMEZONE": zone}).timezone


@pytest.mark.parametrize("address", [":memory:", ":memory:rows", "./:memory:", "ducklake::memory:", "ducklake:"])
def test_a_warehouse_that_no_file_would_keep_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="CLEARGRID_WAREHOUSE names no file, so nothing would be kept"):
        _ = Settings({"CLEARGRID_WAREHOUSE": address}).warehouse


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("CLEARGRID_WAREHOUSE", "~/rows.duckdb", "{home}/rows.duckdb"),
        ("CLEARGRID_WAREHOUSE", "ducklake:sqlite:~/lake.sqlite", "ducklake:sqlite:{home}/lake.sqlite"),
        ("CLEARGRID_WAREHOUSE", "ducklake:~/lake", "ducklake:{home}/lake"),
        ("CLEARGRID_OUTCOMES", "~/outcomes.csv", "{home}/outcomes.csv"),
        ("CLEARGRID_DUCKDB_EXTENSIONS", "~/extensions", "{home}/extensions"),
        ("CLEARGRID_LAKE_DATA", "~/lake", "{home}/lake"),
        ("CLEARGRID_LAKE_DATA", "s3://bucket/~", "s3://bucket/~"),
    ],
)
def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, name: str, text: str, expected: str) -> None:
    monkeypatch.setenv("HOME", "/home/of-somebody")
    assert str(value_of(name, text)) == expected.format(home="/home/of-somebody")


def test_a_home_folder_that_nobody_knows_is_one_sentence() -> None:
    with pytest.raises(SettingsError, match="CLEARGRID_OUTCOMES starts with '~' and the home folder is not known"):
        _ = Settings({"CLEARGRID_OUTCOMES": "~nobody-of-that-name/outcomes.csv"}).outcomes


def dotenv(text: str) -> Settings:
    """The settings where `.env` in the working directory says `text`."""
    Path(".env").write_text(text, encoding="utf-8")
    return Settings.from_environment()


def test_the_environment_goes_over_the_file_and_an_empty_value_is_one_that_is_not_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLEARGRID_PAGE_SIZE", "7")
    monkeypatch.setenv("CLEARGRID_CONCURRENCY", "")
    settings = dotenv("CLEARGRID_PAGE_SIZE=8\nCLEARGRID_CONCURRENCY=3\nCLEARGRID_TIMEZONE=\n")
    assert (settings.page_size, settings.concurrency, settings.timezone) == (7, 3, "UTC")
    origins = [settings.origin_of(setting) for setting in (Settings.page_size, Settings.concurrency, Settings.timezone)]
    assert origins == ["environment", ".env", "default"]


@pytest.mark.parametrize(
    ("line", "password"),
    [
        ("CLEARGRID_PASSWORD=pa${HOME}s$wo$$rd", "pa${HOME}s$wo$$rd"),
        ('export CLEARGRID_PASSWORD="two words # and no comment"  # a comment', "two words # and no comment"),
        ("CLEARGRID_PASSWORD='${HOME:-x}'", "${HOME:-x}"),
        ("CLEARGRID_PASSWORD = plain # a comment", "plain"),
    ],
)
def test_quotes_comments_and_export_are_dotenvs_and_a_dollar_is_a_character(line: str, password: str) -> None:
    assert dotenv(line).password == password


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"CLEARGRID_PAGE_SIZE=8\nCLEARGRID_LENDER='open\n", r"\.env, line 2, is not NAME=value"),
        (b"CLEARGRID_PAGE_SIZE=8\n\nCLEARGRID_LENDER acme\n", r"\.env, line 3, is not NAME=value"),
        (b"CLEARGRID_OUTCOMES=a\0b\n", r"\.env is not a UTF-8 text file"),
        ("CLEARGRID_LENDER=caf\u00e9".encode("latin-1"), r"\.env is not a UTF-8 text file"),
    ],
)
def test_a_file_that_cannot_be_read_stops_what_needs_settings_and_nothing_else(content: bytes, sentence: str) -> None:
    Path(".env").write_bytes(content)
    settings = Settings.from_environment()
    build_definitions(settings)
    with pytest.raises(SettingsError, match=sentence):
        settings.validate_sources()


def test_a_folder_in_the_files_place_is_one_sentence() -> None:
    Path(".env").mkdir()
    with pytest.raises(SettingsError, match=r"\.env cannot be read \(Is a directory\)"):
        Settings.from_environment().validate_sources()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("CLEARGRID_TIME_ZONE", "CLEARGRID_TIMEZONE"),
        ("CLEARGRID_PTP_MATURITY", "CLEARGRID_PTP_MATURITY_DAYS"),
        ("CLEARGRID_PASSWD", "CLEARGRID_PASSWORD"),
        ("CLEARGRID_TZ", "CLEARGRID_TIMEZONE"),
        ("CLEARGRID_BASE", "CLEARGRID_BASE_URL"),
    ],
)
def test_a_misspelt_setting_fails_a_run_with_the_nearest_one_and_no_import(
    platform: Platform, name: str, nearest: str
) -> None:
    misspelt = platform.with_variables(**{name: "geheim"})
    _ = misspelt.definitions
    failure = failure_of_step(misspelt.load())
    assert f"{name} is not a setting of cleargrid_assets; did you mean {nearest}?" in failure["description"]
    assert "geheim" not in failure["description"]
    assert platform.emulator.requests == []


def test_a_misspelt_setting_in_the_file_is_refused_by_every_command_that_reads_settings(platform: Platform) -> None:
    lines = [f"{name}={value}" for name, value in platform.variables.items()]
    Path(".env").write_text("\n".join([*lines, "CLEARGRID_TIME_ZONE=Asia/Dubai"]), encoding="utf-8")
    for arguments in (["status"], ["doctor"], ["dev", "--port", "0"], ["move-warehouse", "a.duckdb", "b.duckdb"]):
        result = CliRunner().invoke(cleargrid, arguments)
        assert result.exit_code in (1, 3), arguments
        assert "did you mean CLEARGRID_TIMEZONE?" in result.output, arguments


@pytest.mark.parametrize(
    "name",
    [
        "CLEARGRID_SERVICE_HOST",
        "CLEARGRID_SERVICE_PORT",
        "CLEARGRID_SERVICE_PORT_HTTP",
        "CLEARGRID_PORT",
        "CLEARGRID_PORT_80_TCP",
        "CLEARGRID_WEB_UI_SERVICE_HOST",
        "CLEARGRID_WEB_UI_SERVICE_PORT_GRPC",
        "CLEARGRID_WEB_UI_PORT",
        "CLEARGRID_WEB_UI_PORT_4000_TCP_ADDR",
    ],
)
def test_what_kubernetes_puts_into_a_pod_for_a_service_is_no_misspelt_setting(name: str) -> None:
    Settings({name: "10.0.0.1"}).validate_sources()


def test_with_nothing_set_a_run_asks_for_an_environment_and_a_command_may_take_the_emulators() -> None:
    settings = dotenv("CLEARGRID_ENVIRONMENT=\nAWS_REGION=me-central-1\nCLEARGRID_PAGE_SIZE=50\n")
    with pytest.raises(SettingsError, match="CLEARGRID_ENVIRONMENT is not set"):
        _ = settings.environment
    assert settings.or_emulator().environment == "emulator"
    assert settings.or_emulator().warehouse == "data/emulator.duckdb"


@pytest.mark.parametrize(
    "name", ["CLEARGRID_LENDER", "CLEARGRID_BASE_URL", "CLEARGRID_PASSWORD", "CLEARGRID_WAREHOUSE"]
)
def test_what_names_an_account_or_a_warehouse_is_never_taken_for_the_emulators(name: str) -> None:
    with pytest.raises(SettingsError, match="CLEARGRID_ENVIRONMENT is not set"):
        _ = Settings({name: "x"}).or_emulator().environment


def test_a_file_about_something_else_does_not_hide_the_environments_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARGRID_ENVIRONMENT", "production")
    assert dotenv("AWS_REGION=me-central-1\n").or_emulator().environment == "production"


def test_exported_settings_name_the_same_places_from_any_folder(clean_environment: Path) -> None:
    settings = dotenv(
        "CLEARGRID_ENVIRONMENT=staging\nCLEARGRID_OUTCOMES=map.csv\nCLEARGRID_LAKE_DATA=s3://a/b\nAWS_X=y\n"
    )
    exported = settings.exported()
    assert exported["CLEARGRID_WAREHOUSE"] == str(clean_environment / "data" / "staging.duckdb")
    assert exported["CLEARGRID_OUTCOMES"] == str(clean_environment / "map.csv")
    assert (exported["CLEARGRID_LAKE_DATA"], exported["AWS_X"]) == ("s3://a/b", "y")
    lake = Settings({"CLEARGRID_WAREHOUSE": "ducklake:sqlite:lake.sqlite"}).exported()
    assert lake["CLEARGRID_WAREHOUSE"] == f"ducklake:sqlite:{clean_environment / 'lake.sqlite'}"
    postgres = "ducklake:postgres:host=db dbname=lake"
    assert Settings({"CLEARGRID_WAREHOUSE": postgres}).exported()["CLEARGRID_WAREHOUSE"] == postgres


def test_every_setting_is_declared_with_all_that_documents_say_of_it() -> None:
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)
    assert [setting.name for setting in SETTINGS if not setting.meaning or setting.meaning.endswith(".")] == []
    assert {setting.name for setting in SETTINGS if setting.is_secret} == {
        "CLEARGRID_PASSWORD",
        "CLEARGRID_ALERT_WEBHOOK",
    }
    assert sum(setting.is_essential for setting in SETTINGS) == 6
    assert (Settings.page_size.minimum, Settings.page_size.maximum, Settings.page_size.default) == (1, 1000, "500")
