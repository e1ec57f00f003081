"""One run of a load may differ from the settings: page size, requests in flight, and rows that vanished."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.assets.raw.load_config import LoadConfig
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_under_test import failure_of_step

if TYPE_CHECKING:
    from cleargrid_assets_tests.platform_under_test import Platform

PAGE_SIZE_USED = "SELECT page_size_used FROM raw.d23_loads"


@pytest.mark.parametrize("page_size", [3, 120])
def test_the_page_size_of_the_run_config_holds_for_that_run_alone(platform: Platform, page_size: int) -> None:
    assert platform.load(page_size=page_size).success
    assert requested_page_size(platform) == page_size
    platform.emulator.requests.clear()
    assert platform.load().success
    assert requested_page_size(platform) == 100  # the setting
    assert platform.query(PAGE_SIZE_USED) == [(100,), (100,)]


def requested_page_size(platform: Platform) -> int:
    """The largest page that was requested: a count requests one row."""
    return max(int(request.params["limit"]) for request in platform.emulator.requests if request.method == "GET")


def test_as_many_requests_are_in_flight_as_the_run_config_says(platform: Platform) -> None:
    assert platform.load(concurrency=1).success
    assert platform.emulator.api.peak_in_flight == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("page_size", 1001, "page_size in the run config is 1001; use a whole number from 1 to 1000."),
        ("page_size", 0, "page_size in the run config is 0; use a whole number from 1 to 1000."),
        ("concurrency", 17, "concurrency in the run config is 17; use a whole number from 1 to 16."),
    ],
)
def test_a_value_out_of_bounds_is_refused_before_anything_is_sent(
    platform: Platform, field: str, value: int, sentence: str
) -> None:
    failure = failure_of_step(platform.load(**{field: value}))
    assert failure["description"].startswith(sentence)
    assert platform.emulator.requests == []


def test_rows_that_vanished_beyond_the_limit_are_accepted_in_the_run_that_says_so(platform: Platform) -> None:
    serve(platform, [row(number) for number in range(1, 21)])
    assert platform.load().success
    serve(platform, [row(number) for number in range(1, 7)])
    refused = failure_of_step(platform.load())
    assert "load once with the run config `accept_vanished: true`" in refused["description"]
    assert len(platform.landed()) == 20
    assert platform.load(accept_vanished=True).success
    assert len(platform.landed()) == 6


def test_every_field_is_described_in_the_launchpad() -> None:
    fields = LoadConfig.to_fields_dict()
    assert set(fields) >= {"page_size", "concurrency", "accept_vanished"}
    assert [name for name, field in fields.items() if not field.description] == []
