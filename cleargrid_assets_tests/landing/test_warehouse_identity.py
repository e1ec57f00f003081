"""A warehouse holds months of one environment, one lender and one time zone; a load of any other is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import pytest

from cleargrid_assets.emulator import Credentials
from cleargrid_assets.jobs import COMPUTE_MONTH, REFRESH_SUMMARY
from cleargrid_assets.landing.warehouse_identity import identity_of
from cleargrid_assets.tables.catalog import TABLES_VERSION
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.landing.test_overlapping_loads import SECONDS, hold_next_response
from cleargrid_assets_tests.platform_copies import compute_months, load_months
from cleargrid_assets_tests.platform_under_test import MAY, failure_of_step

JUNE = "2026-06-01"
OTHER = Credentials(lender="other-lender", lender_public_id="5f3a1c9e-0000-4000-8000-0000000000ff")
RENAMED = Credentials(lender="new-name")

RULES = """
SELECT DISTINCT rules_version FROM analytics.kpi_monthly
UNION ALL SELECT DISTINCT rules_version FROM analytics.unmapped_outcomes
"""


def refusal(platform, month=MAY):
    """Run a load that must be refused before it requests or writes anything; return its message."""
    before, page_count = platform.version(), len(pages(platform))
    failure = failure_of_step(platform.load(month))
    assert failure["error"] == "WarehouseIdentityError"
    assert len(pages(platform)) == page_count
    assert platform.version() == before
    return failure["description"]


def pages(platform):
    """The emulator's requests for rows or counts."""
    return [request for request in platform.emulator.requests if request.method == "GET"]


def test_there_is_no_identity_before_the_first_load(platform):
    assert identity_of(platform.warehouse) is None


def test_the_first_load_makes_the_warehouse_its_own_and_later_ones_leave_that(start_after):
    platform = start_after(load_months, MAY)
    identity = identity_of(platform.warehouse)
    assert (identity.environment, identity.lender, identity.timezone) == ("emulator", "demo-lender", "UTC")
    assert identity.lender_public_id == platform.emulator.credentials.lender_public_id
    assert (identity.tables_version, identity.made_by) == (TABLES_VERSION, version("cleargrid-assets"))
    platform.load("2026-04-01")
    assert identity_of(platform.warehouse) == identity


@pytest.mark.parametrize("month", [MAY, JUNE])
def test_another_environment_is_refused_before_a_page_is_asked_for(start_after, month):
    platform = start_after(load_months, MAY)
    message = refusal(platform.with_variables(CLEARGRID_ENVIRONMENT="staging"), month)
    assert "months of lender demo-lender in emulator, not of lender demo-lender in staging" in message
    assert "set CLEARGRID_WAREHOUSE to another one" in message


def test_another_lender_is_refused(start_platform):
    start_platform().load()
    assert "not of lender other-lender in emulator" in refusal(start_platform(credentials=OTHER), JUNE)


def test_a_lender_that_was_renamed_goes_on(start_platform):
    start_platform().load()
    renamed = start_platform(credentials=RENAMED)
    assert renamed.load(JUNE).success
    assert identity_of(renamed.warehouse).lender == "demo-lender"


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Dubai"])
def test_another_time_zone_is_refused_and_the_way_on_is_named(start_after, zone):
    platform = start_after(load_months, MAY)
    message = refusal(platform.with_variables(CLEARGRID_TIMEZONE=zone))
    assert f"holds months of the time zone UTC, but CLEARGRID_TIMEZONE is {zone}" in message
    assert "cleargrid rezone" in message


def test_another_lender_that_landed_while_the_month_was_read_keeps_the_warehouse(start_platform):
    ours, others = start_platform(), start_platform(credentials=OTHER)
    serve(ours, [row(1)])
    with ThreadPoolExecutor(1) as pool, hold_next_response(ours) as answer:
        load = pool.submit(ours.load)
        assert answer.is_held.wait(SECONDS)
        assert others.load(JUNE).success
        answer.released.set()
    assert failure_of_step(load.result())["error"] == "WarehouseIdentityError"
    assert identity_of(ours.warehouse).lender == "other-lender"
    assert ours.landed() == []


def delete_identity(platform):
    """Make the warehouse one of the previous release, which did not record an identity."""
    with platform.warehouse.writing() as connection:
        connection.execute("DELETE FROM raw.warehouse_identity")


def test_a_warehouse_that_does_not_say_whose_it_is_becomes_that_of_the_first_load_if_its_months_fit(start_platform):
    platform = start_platform(variables={"CLEARGRID_TIMEZONE": "Asia/Dubai"})
    platform.load()
    delete_identity(platform)
    assert platform.load(JUNE).success
    assert identity_of(platform.warehouse).timezone == "Asia/Dubai"


@pytest.mark.parametrize("month", [MAY, JUNE])
def test_a_warehouse_whose_months_are_of_another_time_zone_does_not(start_after, month):
    platform = start_after(load_months, MAY)
    delete_identity(platform)
    message = refusal(platform.with_variables(CLEARGRID_TIMEZONE="Asia/Dubai"), month)
    assert "its month 2026-05 runs from 2026-05-01 00:00:00 to 2026-06-01 00:00:00 UTC" in message
    assert identity_of(platform.warehouse) is None


@pytest.mark.parametrize(("job", "month"), [(COMPUTE_MONTH, MAY), (REFRESH_SUMMARY, None)])
@pytest.mark.parametrize("variables", [{"CLEARGRID_TIMEZONE": "Asia/Dubai"}, {"CLEARGRID_ENVIRONMENT": "staging"}])
def test_months_of_another_zone_or_environment_are_not_computed(start_after, job, month, variables):
    platform = start_after(compute_months, MAY)
    refuse_to_compute(platform, platform.with_variables(**variables), job, month)


@pytest.mark.parametrize(("job", "month"), [(COMPUTE_MONTH, MAY), (REFRESH_SUMMARY, None)])
def test_months_of_another_zone_are_not_computed_in_a_warehouse_without_an_identity(start_after, job, month):
    platform = start_after(compute_months, MAY)
    delete_identity(platform)
    refuse_to_compute(platform, platform.with_variables(CLEARGRID_TIMEZONE="Asia/Dubai"), job, month)
    assert platform.run_job(job, month).success


def refuse_to_compute(platform, changed, job, month):
    """Run a job, under `changed` settings, all of whose steps must be refused before they write anything."""
    rules = platform.query(RULES)
    run = changed.run_job(job, month)
    errors = [event.step_failure_data.user_failure_data.metadata["error"] for event in run.get_step_failure_events()]
    assert {error.value for error in errors} == {"WarehouseIdentityError"}
    assert platform.query(RULES) == rules
