"""`cleargrid rezone` reads all months in another zone into a new file that replaces the old one, or changes nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets.emulator.faults import ExportRequest, Fault, error
from cleargrid_assets.landing.warehouse_identity import identity_of
from cleargrid_assets.warehouse.warehouse import Warehouse
from cleargrid_assets_tests.assets.example_marts import BEST_MONTH, PROMISES
from cleargrid_assets_tests.landing.communication_logs import BOTH
from cleargrid_assets_tests.landing.communication_logs import load as load_of_d21
from cleargrid_assets_tests.platform_copies import load_months
from cleargrid_assets_tests.platform_under_test import LOADS, MAY

if TYPE_CHECKING:
    from starlette.responses import Response

    from cleargrid_assets_tests.platform_copies import StartAfter
    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

APRIL, JUNE = "2026-04-01", "2026-06-01"
NEW_YORK, DUBAI = "America/New_York", "Asia/Dubai"
COMMIT_AND_BE_KILLED = """
import os, signal, sys
from cleargrid_assets.warehouse.warehouse import Warehouse
with Warehouse(sys.argv[1]).transactions() as begin:
    with begin() as connection:
        connection.execute("UPDATE raw.d23_loads SET run_id = 'of the killed one'")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def loaded_platform(start_after: StartAfter) -> Platform:
    """May in UTC."""
    return start_after(load_months, MAY)


def rezone_platform(platform: Platform, zone: str) -> tuple[Platform, Result]:
    """Run the command with another zone; return the platform with that zone, and the command's result."""
    changed = platform.with_variables(CLEARGRID_TIMEZONE=zone)
    return changed, CliRunner().invoke(cleargrid, ["rezone"], env=dict(changed.variables))


def old_files(platform: Platform, zone: str) -> list[Path]:
    return sorted(platform.file.parent.glob(f"{platform.file.name}.{zone}.*[0-9]Z"))


@pytest.mark.parametrize(("zone", "months"), [(NEW_YORK, [APRIL, MAY]), (DUBAI, [MAY, JUNE])])
def test_every_row_is_in_its_month_of_the_new_zone_and_the_old_file_is_kept(
    loaded_platform: Platform, zone: str, months: list[str]
) -> None:
    before = loaded_platform.landed()
    changed, result = rezone_platform(loaded_platform, zone)
    assert result.exit_code == 0, result.output
    identity = identity_of(changed.warehouse)
    assert identity is not None
    assert identity.timezone == zone
    for month in months:
        assert changed.landed(month) == changed.truth(month)
        assert changed.query("SELECT count(*) FROM core.contact_attempts WHERE month = ?", [month]) == [
            (len(changed.landed(month)),)
        ]
    assert changed.query(f"SELECT month::VARCHAR FROM {LOADS} ORDER BY 1") == [(month,) for month in months]
    (old_file,) = old_files(loaded_platform, "UTC")
    old = loaded_platform.with_variables(CLEARGRID_WAREHOUSE=str(old_file))
    assert old.landed() == before
    assert str(old_file) in result.output
    assert changed.load(MAY).success


def test_a_lenders_own_marts_are_computed_in_the_new_zone_and_nothing_is_left_to_compute(
    start_after: StartAfter, tmp_path: Path
) -> None:
    folder = tmp_path / "marts"
    folder.mkdir()
    (folder / "promises.sql").write_text(PROMISES)
    (folder / "best_month.sql").write_text(BEST_MONTH)
    changed, result = rezone_platform(
        start_after(load_months, MAY).with_variables(CLEARGRID_MARTS=str(folder)), NEW_YORK
    )
    assert result.exit_code == 0, result.output
    assert changed.query("SELECT month::VARCHAR, sum(promises) FROM marts.promises GROUP BY ALL ORDER BY ALL") == (
        changed.query(
            "SELECT month::VARCHAR, count(*) FROM core.contact_attempts WHERE is_promise AND in_scope GROUP BY ALL "
            "ORDER BY ALL"
        )
    )
    assert changed.query("SELECT count(*) > 0 FROM marts.best_month") == [(True,)]


def test_a_warehouse_in_the_configured_zone_is_left_alone(loaded_platform: Platform) -> None:
    before = loaded_platform.version()
    _, result = rezone_platform(loaded_platform, "UTC")
    assert result.exit_code == 0
    assert "nothing to do" in result.output
    assert loaded_platform.version() == before


def test_what_could_not_be_read_keeps_the_old_warehouse_and_the_next_call_goes_on(loaded_platform: Platform) -> None:
    def refuse(request: ExportRequest) -> Response | None:
        return error(404, "gone", request.number) if request.params["since"] >= "2026-05-31T20" else None

    loaded_platform.emulator.api.faults = [Fault("June is gone", refuse=refuse)]
    before = loaded_platform.version()
    _, result = rezone_platform(loaded_platform, DUBAI)
    assert result.exit_code == 1
    assert "2026-06 could not be read" in result.output
    assert loaded_platform.version() == before
    loaded_platform.emulator.api.faults = []
    changed, result = rezone_platform(loaded_platform, DUBAI)
    assert result.exit_code == 0, result.output
    for month in (MAY, JUNE):
        assert changed.landed(month) == changed.truth(month)
    assert len(old_files(loaded_platform, "UTC")) == 1


def test_settings_of_another_environment_change_nothing(loaded_platform: Platform) -> None:
    before = loaded_platform.version()
    _, result = rezone_platform(loaded_platform.with_variables(CLEARGRID_ENVIRONMENT="staging"), DUBAI)
    assert result.exit_code == 1
    assert "holds months of lender demo-lender in emulator" in result.output
    assert loaded_platform.version() == before


def test_a_lake_is_refused_with_what_to_do_instead(platform: Platform) -> None:
    _, result = rezone_platform(platform.with_variables(CLEARGRID_WAREHOUSE="ducklake:sqlite:lake.sqlite"), DUBAI)
    assert result.exit_code == 1
    assert "Create an empty database for a new catalog" in result.output


def test_a_warehouse_that_was_never_loaded_has_nothing_to_read_again(platform: Platform) -> None:
    _, result = rezone_platform(platform, DUBAI)
    assert result.exit_code == 1
    assert "does not record its time zone yet" in result.output


def test_an_unfinished_file_of_another_zone_is_not_mixed_in(loaded_platform: Platform) -> None:
    unfinished = loaded_platform.with_variables(
        CLEARGRID_TIMEZONE=NEW_YORK, CLEARGRID_WAREHOUSE=f"{loaded_platform.file.resolve()}.rezoned"
    )
    assert unfinished.load(MAY).success
    _, result = rezone_platform(loaded_platform, DUBAI)
    assert result.exit_code == 1
    assert f"an earlier run for {NEW_YORK} left" in result.output
    assert Warehouse(str(loaded_platform.file)).exists


@pytest.mark.parametrize(
    ("zone", "start_month", "needed"), [(DUBAI, "2026-06", "2026-05"), (NEW_YORK, "2026-05", "2026-04")]
)
def test_loaded_months_before_the_first_month_are_not_dropped(
    loaded_platform: Platform, zone: str, start_month: str, needed: str
) -> None:
    before = loaded_platform.version()
    _, result = rezone_platform(loaded_platform.with_variables(CLEARGRID_START_MONTH=start_month), zone)
    assert result.exit_code == 1
    assert f"set CLEARGRID_START_MONTH to {needed}" in result.output
    assert loaded_platform.version() == before


def test_a_warehouse_that_lost_its_ledger_stays_where_it_is(loaded_platform: Platform) -> None:
    with loaded_platform.warehouse.writing() as connection:
        connection.execute(f"DELETE FROM {LOADS}")
    before = loaded_platform.version()
    _, result = rezone_platform(loaded_platform, DUBAI)
    assert result.exit_code == 1
    assert "holds no month to read again" in result.output
    assert loaded_platform.version() == before


def test_a_month_that_only_the_other_dataset_has_is_read_again_too(platform: Platform) -> None:
    both = platform.with_variables(**BOTH)
    assert load_of_d21(both).success
    changed, result = rezone_platform(both, NEW_YORK)
    assert result.exit_code == 0, result.output
    months = changed.query("SELECT DISTINCT month::VARCHAR FROM raw.d21_loads ORDER BY 1")
    assert months == [(APRIL,), (MAY,)]


def test_a_new_file_that_cannot_take_its_place_leaves_the_warehouse_there(
    loaded_platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def refuse_the_new_file(path: Path, target: Path) -> Path:
        if path.name.endswith(".rezoned"):
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse_the_new_file)
    before = loaded_platform.landed()
    _, result = rezone_platform(loaded_platform, DUBAI)
    assert result.exit_code == 1
    assert "(Input/output error)" in result.output
    assert "Traceback" not in result.output
    assert loaded_platform.landed() == before


def test_what_a_killed_writer_had_committed_stays_with_the_old_file(loaded_platform: Platform) -> None:
    killed = subprocess.run([sys.executable, "-c", COMMIT_AND_BE_KILLED, str(loaded_platform.file)], check=False)
    assert killed.returncode == -9
    assert Path(f"{loaded_platform.file}.wal").exists()
    changed, result = rezone_platform(loaded_platform, DUBAI)
    assert result.exit_code == 0, result.output
    (old_file,) = old_files(loaded_platform, "UTC")
    old = loaded_platform.with_variables(CLEARGRID_WAREHOUSE=str(old_file))
    assert old.query(f"SELECT DISTINCT run_id FROM {LOADS}") == [("of the killed one",)]
    assert changed.landed() == changed.truth()
    assert [file.name for file in loaded_platform.file.parent.glob("*.rezoned*")] == []
