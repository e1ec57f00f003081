"""The chat receives each failure and each recovery once, whatever happens to the chat or to Dagster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg
import pytest
from dagster._core.definitions.run_status_sensor_definition import RunStatusSensorCursor
from dagster._core.events import DagsterEvent, JobFailureData, RunFailureReason

from cleargrid_assets.alert_sensors import MAX_FAILURES, MAX_TICKS_OF_WAITING, Failure, State
from cleargrid_assets.alerts import AlertError
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.emulator.faults import Fault, error
from cleargrid_assets.jobs import COMPUTE_MONTH
from cleargrid_assets.settings import Settings
from cleargrid_assets_tests.automation.alerting import CHECKS, RUNS, Sensor, fail, start_sensor
from cleargrid_assets_tests.platform_under_test import MAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets_tests.platform_under_test import Platform
    from cleargrid_assets_tests.webhook_receiver import Receiver

APRIL = "2026-04-01"
REFUSED = Fault("every page is refused", refuse=lambda ask: error(403, "Not your lender", ask.number))


def test_a_failed_run_is_sent_once_with_its_month_its_cause_the_request_id_and_the_next_step(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start(faults=[REFUSED])
    runs, checks = start_sensor(platform, RUNS), start_sensor(platform, CHECKS)
    run = fail(platform)
    for _ in range(2):
        runs.tick()
        checks.tick()
    (text,) = chat.texts
    assert text.startswith(
        "*cleargrid_assets, emulator: run failed* - month 2026-05, raw/d23_manual_communication_logs"
    )
    assert "Not your lender" in text
    assert "request id emulator-" in text
    assert "Next: Ask ClearGrid whether the lender is active" in text
    assert run.run_id[:8] in text


def test_a_blocking_check_that_failed_is_sent_once_by_name_and_sentence(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start({"CLEARGRID_QUARANTINE_LIMIT": "0.001"}, faults=["bad-rows"])
    runs, checks = start_sensor(platform, RUNS), start_sensor(platform, CHECKS)
    fail(platform)
    runs.tick()
    checks.tick()
    (text,) = chat.texts
    assert "raw/d23_manual_communication_logs, quarantined_rows_are_within_the_limit: Does not hold" in text
    assert text.count("quarantined rows are within the limit") == 1
    assert "nothing is computed from it until these checks pass" in text


def test_an_alert_links_to_its_run_where_the_address_of_the_ui_is_set(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start({"CLEARGRID_UI_URL": "https://dagster.acme.example/"}, faults=[REFUSED])
    sensor = start_sensor(platform, RUNS)
    run = fail(platform)
    sensor.tick()
    (text,) = chat.texts
    assert text.splitlines()[-1] == f"https://dagster.acme.example/runs/{run.run_id}"


def test_a_wrong_address_of_the_ui_costs_the_link_and_not_the_alert(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start({"CLEARGRID_UI_URL": "dagster.acme.example"}, faults=[REFUSED])
    sensor = start_sensor(platform, RUNS)
    run = fail(platform)
    sensor.tick()
    (text,) = chat.texts
    assert text.startswith("*cleargrid_assets, emulator: run failed*")
    assert text.endswith(f"In the Dagster UI: Runs, run {run.run_id[:8]}")


def test_runs_that_fail_for_one_reason_are_sent_in_one_message(start: Callable[..., Platform], chat: Receiver) -> None:
    platform = start(faults=[REFUSED])
    sensor = start_sensor(platform, RUNS)
    for month in (APRIL, MAY):
        fail(platform, month)
    fail(platform.with_variables(CLEARGRID_ENVIRONMENT="live"), "2026-03-01")
    sensor.tick()
    together, other = chat.texts
    assert (
        "2 runs failed for the same reason* - raw/d23_manual_communication_logs, months 2026-04 to 2026-05" in together
    )
    assert "The first of them, month 2026-04" in together
    assert "run failed* - month 2026-03" in other
    assert "CLEARGRID_ENVIRONMENT is 'live'" in other


def test_a_text_that_the_chat_rejects_is_sent_in_one_line_and_holds_up_no_other(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    chat.max_text = 250
    sensor = start_sensor(start(faults=[REFUSED]), RUNS)
    fail(sensor.platform)
    sensor.tick()
    sensor.tick()
    (text,) = chat.texts
    assert text.startswith("*cleargrid_assets, emulator: run failed* - month 2026-05")
    assert "rejected the whole text (HTTP 413)" in text


def test_a_failure_is_sent_once_when_a_chat_that_was_away_is_back_even_after_a_restart(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start(faults=[REFUSED])
    sensor = start_sensor(platform, RUNS)
    fail(platform)
    chat.status = 503
    for _ in range(3):
        with pytest.raises(AlertError, match="CLEARGRID_ALERT_WEBHOOK answered 503"):
            sensor.tick()
        sensor = sensor.after_a_restart()
    chat.status = 200
    for _ in range(2):
        sensor.tick()
        sensor = sensor.after_a_restart()
    assert len(chat.texts) == 1


def test_what_was_delivered_before_the_chat_went_away_is_not_sent_again(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start(faults=[REFUSED])
    sensor = start_sensor(platform, RUNS)
    fail(platform, APRIL)
    fail(platform.with_variables(CLEARGRID_ENVIRONMENT="live"))
    chat.refused = "live"
    assert "Alerts sent: 1. The next tick will try the others" in sensor.tick()
    chat.refused = "\0"
    sensor.tick()
    assert ["2026-04" in text for text in chat.texts] == [True, False]


def test_the_first_tick_on_an_instance_with_a_history_sends_nothing_of_it(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start(faults=["no-rows"])
    fail(platform)
    Sensor(platform, RUNS).tick()
    assert chat.texts == []


def test_what_failed_longer_than_a_week_ago_is_not_sent_when_alerts_are_switched_on_again(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start(faults=[REFUSED])
    sensor = start_sensor(platform, RUNS)
    for days in (8, 6):
        run = platform.instance.add_run(dg.DagsterRun("refresh_month", run_id=f"{days}-days-ago"))
        event = DagsterEvent(
            "PIPELINE_FAILURE", run.job_name, message=f"{days} days", event_specific_data=JobFailureData(None)
        )
        at = datetime.now(UTC) - timedelta(days=days)
        platform.instance.report_dagster_event(event, run.run_id, timestamp=at.timestamp())
    sensor.tick()
    assert ["6 days" in text for text in chat.texts] == [True]


def test_the_position_of_the_release_before_is_continued(start: Callable[..., Platform], chat: Receiver) -> None:
    platform = start(faults=[REFUSED])
    fail(platform, APRIL)
    position = State.starting_now(platform.instance).position
    fail(platform)
    Sensor(platform, RUNS, RunStatusSensorCursor(record_id=position, record_timestamp="2026-06-20").to_json()).tick()
    assert ["2026-05" in text for text in chat.texts] == [True]


def test_a_recovery_is_sent_once(start: Callable[..., Platform], chat: Receiver) -> None:
    platform = start(faults=[REFUSED])
    sensor = start_sensor(platform, RUNS)
    fail(platform)
    sensor.tick()
    platform.emulator.api.faults = ()
    assert platform.load(APRIL).success
    sensor.tick()
    assert len(chat.texts) == 1
    assert platform.load(MAY).success
    for _ in range(2):
        sensor.tick()
        sensor = sensor.after_a_restart()
    _, text = chat.texts
    assert text.startswith("*cleargrid_assets, emulator: recovered* - month 2026-05, raw/d23_manual_communication_logs")
    assert "failed at" in text


def test_a_month_has_recovered_when_another_job_did_what_failed_and_not_before(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start()
    assert platform.load(MAY).success
    sensor = start_sensor(platform, RUNS)
    platform.emulator.api.faults = (REFUSED,)
    assert not platform.refresh(MAY).success
    sensor.tick()
    platform.emulator.api.faults = ()
    compute = platform.definitions.resolve_job_def(COMPUTE_MONTH)
    assert compute.execute_in_process(partition_key=MAY, instance=platform.instance).success
    sensor.tick()
    assert [": recovered" in text for text in chat.texts] == [False]
    assert platform.load(MAY).success
    sensor.tick()
    assert [": recovered" in text for text in chat.texts] == [False, True]
    assert "month 2026-05, refresh_month: failed at" in chat.texts[1]


@pytest.mark.parametrize("restarted_by", ["run retries", "our sensor", "nothing"])
def test_a_run_that_should_be_started_again_is_sent_only_when_it_is_not(
    start: Callable[..., Platform], chat: Receiver, restarted_by: str
) -> None:
    platform = start(faults=[REFUSED])
    sensor = start_sensor(platform, RUNS)
    run = fail(platform)
    platform.instance.add_run_tags(run.run_id, {"dagster/will_retry": "true"})
    for _ in range(MAX_TICKS_OF_WAITING):
        sensor.tick()
    assert chat.texts == []
    if restarted_by == "our sensor":
        platform.instance.add_run(dg.DagsterRun("refresh_month", tags={"dagster/run_key": run.run_id}))
    if restarted_by == "run retries":
        platform.instance.add_run_tags(run.run_id, {"dagster/auto_retry_run_id": "another"})
    for _ in range(MAX_TICKS_OF_WAITING):
        sensor.tick()
    assert len(chat.texts) == (1 if restarted_by == "nothing" else 0)


def test_a_run_that_never_came_to_a_step_is_sent_with_the_reason_that_dagster_gives(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start()
    sensor = start_sensor(platform, RUNS)
    run = platform.instance.add_run(dg.DagsterRun("refresh_month", run_id="r", tags={"dagster/partition": MAY}))
    reason = JobFailureData(error=None, failure_reason=RunFailureReason.UNEXPECTED_TERMINATION)
    platform.instance.report_run_failed(run, "The process of this run is gone.", reason)
    sensor.tick()
    (text,) = chat.texts
    assert "month 2026-05, refresh_month\nThe process of this run is gone." in text


def test_what_a_sensor_remembers_is_bounded(start: Callable[..., Platform]) -> None:
    state = State(position=1)
    for number in range(3 * MAX_FAILURES):
        state.add_failure(f"month {number}", Failure("run", "at", f"{number}", ("step",)))
    stored = State.from_cursor(state.cursor(), start().instance)
    assert stored == state
    assert list(stored.failures) == [f"month {number}" for number in range(2 * MAX_FAILURES, 3 * MAX_FAILURES)]


def test_alerts_are_off_until_the_webhook_is_set_and_then_run_without_a_click() -> None:
    off, on = Settings({}), Settings({"CLEARGRID_ALERT_WEBHOOK": "https://hooks.example.com/x"})
    for settings, status in ((off, dg.DefaultSensorStatus.STOPPED), (on, dg.DefaultSensorStatus.RUNNING)):
        repository = build_definitions(settings).get_repository_def()
        for name in (RUNS, CHECKS):
            assert repository.get_sensor_def(name).default_status is status


def test_a_sensor_that_is_started_without_a_webhook_says_so_and_sends_nothing_of_that_time_later(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start(faults=["no-rows"])
    sensor = start_sensor(platform.with_variables(CLEARGRID_ALERT_WEBHOOK=""), RUNS)
    fail(platform)
    assert "CLEARGRID_ALERT_WEBHOOK is not set" in sensor.tick()
    sensor.platform = platform
    sensor.tick()
    assert chat.texts == []


def test_a_secret_with_characters_that_are_escaped_is_masked_as_well(
    start: Callable[..., Platform], chat: Receiver
) -> None:
    platform = start(faults=[Fault("says the password", refuse=lambda _ask: error(403, "no hunter<2>&2 here", 1))])
    sensor = start_sensor(platform.with_variables(CLEARGRID_PASSWORD="hunter<2>&2"), RUNS)
    fail(platform)
    sensor.tick()
    assert "no *** here" in chat.texts[0]
    assert "hunter" not in str(sensor.cursor)
