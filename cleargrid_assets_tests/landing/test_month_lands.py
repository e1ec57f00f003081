"""A month that ClearGrid sends correctly lands exactly."""

from __future__ import annotations

import time

import pytest

from cleargrid_assets_tests.platform_under_test import MAY


@pytest.fixture
def host_in_tokyo():
    """Set the process's time zone to one that no setting names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("host_in_tokyo")
@pytest.mark.parametrize("zone", ["UTC", "Asia/Dubai", "America/Sao_Paulo"])
def test_a_month_lands_equal_to_clear_grids_truth_row_by_row(start_platform, zone):
    platform = start_platform(variables={"CLEARGRID_TIMEZONE": zone})
    assert platform.load().success
    assert platform.landed() == platform.truth()
    assert len(platform.landed()) > 500


def test_the_month_of_dubai_starts_and_ends_at_dubais_midnight(start_platform):
    platform = start_platform(variables={"CLEARGRID_TIMEZONE": "Asia/Dubai"})
    assert str(platform.window(MAY)) == "[2026-04-30T20:00:00.000Z, 2026-05-31T20:00:00.000Z)"
