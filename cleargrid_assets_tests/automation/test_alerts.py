"""Failed runs and checks reach a team's chat once, without secrets, and only when a webhook is set."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from cleargrid_assets.alerts import AlertError, send_alert
from cleargrid_assets.client import SettingsError
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.emulator.faults import Fault, error
from cleargrid_assets.settings import Settings
from cleargrid_assets_tests.automation.ledger_of_loads import StandingClock
from cleargrid_assets_tests.chat import TOKEN, Receiver, receiving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cleargrid_assets_tests.platform_under_test import Platform

MAY = "2026-05-01"


@pytest.fixture
def chat() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def tick(platform: Platform, sensor: str, run: dg.DagsterRun, event: dg.DagsterEvent) -> Any:
    """What the sensor does about a run's event."""
    context = dg.build_run_status_sensor_context(sensor, event, platform.instance, run)
    definition: Any = build_definitions(platform.settings).get_repository_def().get_sensor_def(sensor)
    return definition(context.for_run_failure() if sensor == "alert_on_failed_run" else context)


def failed(platform: Platform) -> tuple[dg.DagsterRun, dg.DagsterEvent]:
    """A load of May that fails, as the event log holds it."""
    run = platform.load(MAY)
    assert not run.success
    event = run.get_run_failure_event()
    return run.dagster_run, event


def checked(platform: Platform, now: datetime) -> tuple[dg.DagsterRun, dg.DagsterEvent]:
    """A run of the checks on time."""
    definitions = build_definitions(platform.settings, {"clock": StandingClock(now)})
    run = definitions.resolve_job_def("check_months").execute_in_process(instance=platform.instance)
    return run.dagster_run, run.get_run_success_event()


def test_a_failed_run_is_told_with_its_month_its_cause_the_request_id_and_the_next_step(
    start_platform: Callable[..., Platform], chat: Receiver
) -> None:
    refused = Fault("every page is refused", refuse=lambda ask: error(403, "Not your lender", ask.number))
    platform = start_platform(faults=[refused], variables={"CLEARGRID_ALERT_WEBHOOK": chat.url})
    run, event = failed(platform)
    tick(platform, "alert_on_failed_run", run, event)
    (text,) = chat.texts
    assert "emulator: run failed" in text
    assert "month 2026-05" in text
    assert "Not your lender" in text
    assert "request id emulator-" in text
    assert "Next: Ask ClearGrid whether the lender is active" in text
    assert run.run_id[:8] in text


def test_a_blocking_check_that_failed_is_told_by_name_and_sentence(
    start_platform: Callable[..., Platform], chat: Receiver
) -> None:
    variables = {"CLEARGRID_ALERT_WEBHOOK": chat.url, "CLEARGRID_QUARANTINE_LIMIT": "0.001"}
    platform = start_platform(faults=["bad-rows"], variables=variables)
    tick(platform, "alert_on_failed_run", *failed(platform))
    assert "quarantined_rows_are_within_the_limit: Does not hold" in chat.texts[0]


def test_a_run_that_is_started_once_more_is_not_told_yet(
    start_platform: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start_platform(faults=["no-rows"], variables={"CLEARGRID_ALERT_WEBHOOK": chat.url})
    run, event = failed(platform)
    skipped = tick(platform, "alert_on_failed_run", run.with_tags({**run.tags, "dagster/will_retry": "true"}), event)
    assert isinstance(skipped, dg.SkipReason)
    assert chat.texts == []


def test_failed_checks_of_a_run_that_succeeded_are_told_in_one_message_and_warnings_are_not(
    start_platform: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start_platform(faults=["unknown-fields"], variables={"CLEARGRID_ALERT_WEBHOOK": chat.url})
    with_warning = platform.load(MAY)
    tick(platform, "alert_on_failed_check", with_warning.dagster_run, with_warning.get_run_success_event())
    assert chat.texts == []
    tick(platform, "alert_on_failed_check", *checked(platform, datetime(2026, 6, 20, 7, tzinfo=UTC)))
    (text,) = chat.texts
    assert "3 checks failed" in text
    assert "raw/d23_loads, every_month_is_in_order: Not in order: 2026-01 (missing)" in text


def test_nobody_is_told_when_every_check_passed(start_platform: Callable[..., Platform], chat: Receiver) -> None:
    platform = start_platform(variables={"CLEARGRID_ALERT_WEBHOOK": chat.url})
    run = platform.load(MAY)
    tick(platform, "alert_on_failed_check", run.dagster_run, run.get_run_success_event())
    assert chat.texts == []


def test_alerts_are_off_until_the_webhook_is_set_and_then_run_without_a_click() -> None:
    off, on = Settings({}), Settings({"CLEARGRID_ALERT_WEBHOOK": "https://hooks.example.com/x"})
    for settings, status in ((off, dg.DefaultSensorStatus.STOPPED), (on, dg.DefaultSensorStatus.RUNNING)):
        repository = build_definitions(settings).get_repository_def()
        for sensor in ("alert_on_failed_run", "alert_on_failed_check"):
            assert repository.get_sensor_def(sensor).default_status is status


def test_without_a_webhook_a_sensor_started_by_hand_says_that_nobody_was_told(
    start_platform: Callable[..., Platform],
) -> None:
    platform = start_platform(faults=["no-rows"])
    skipped = tick(platform, "alert_on_failed_run", *failed(platform))
    assert "CLEARGRID_ALERT_WEBHOOK is not set" in skipped.skip_message


@pytest.mark.parametrize("status", [302, 404])
def test_an_alert_that_is_not_taken_is_an_error_without_the_webhooks_address(chat: Receiver, status: int) -> None:
    chat.status = status
    with pytest.raises(AlertError) as raised:
        send_alert(Settings({"CLEARGRID_ALERT_WEBHOOK": chat.url}), "hello")
    assert str(status) in str(raised.value)
    assert TOKEN not in repr(raised.value)
    assert raised.value.__cause__ is None


def test_an_alert_to_nobody_is_an_error_without_the_webhooks_address() -> None:
    with pytest.raises(AlertError) as raised:
        send_alert(Settings({"CLEARGRID_ALERT_WEBHOOK": f"http://127.0.0.1:9/{TOKEN}"}), "hello")
    assert TOKEN not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    "address", [f"http://hooks.example.com/{TOKEN}", f"ftp://hooks/{TOKEN}", TOKEN, "https://", f"https://[{TOKEN}"]
)
def test_an_address_that_is_not_https_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(SettingsError) as raised:
        send_alert(Settings({"CLEARGRID_ALERT_WEBHOOK": address}), "hello")
    assert "CLEARGRID_ALERT_WEBHOOK" in str(raised.value)
    assert TOKEN not in str(raised.value)


def test_runs_that_fail_for_want_of_an_environment_are_told_too(
    start_platform: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start_platform(variables={"CLEARGRID_ALERT_WEBHOOK": chat.url, "CLEARGRID_ENVIRONMENT": "live"})
    tick(platform, "alert_on_failed_run", *failed(platform))
    assert "CLEARGRID_ENVIRONMENT is 'live'" in chat.texts[0]


def test_a_secret_with_characters_that_are_escaped_is_masked_as_well(
    start_platform: Callable[..., Platform], chat: Receiver
) -> None:
    refused = Fault("says the password", refuse=lambda _ask: error(403, "no hunter<2>&2 here", 1))
    variables = {"CLEARGRID_ALERT_WEBHOOK": chat.url}
    platform = start_platform(faults=[refused], variables=variables)
    run, event = failed(platform)
    told = platform.with_variables(CLEARGRID_PASSWORD="hunter<2>&2")
    tick(told, "alert_on_failed_run", run, event)
    assert "no *** here" in chat.texts[0]


def test_secrets_and_markup_do_not_reach_the_chat(chat: Receiver) -> None:
    settings = Settings({"CLEARGRID_ALERT_WEBHOOK": chat.url, "CLEARGRID_PASSWORD": "hunter22"})
    send_alert(settings, f"the password hunter22 and the address {chat.url}")
    assert chat.texts == ["the password *** and the address ***"]
