"""A failed load says what happened, to which request, and what to do; only temporary failures are retried."""

from __future__ import annotations

import inspect

import pytest

from cleargrid_assets import client
from cleargrid_assets.client import ClearGridError, QueryTooLargeError, TransientError, UnreachableError
from cleargrid_assets.connections import ClearGridConnection
from cleargrid_assets.failures import failure_of, is_worth_retrying, next_step
from cleargrid_assets.landing import errors as landing_errors
from cleargrid_assets.warehouse import errors as warehouse_errors
from cleargrid_assets_tests.platform_under_test import failure_of_step

DEFECT = "This is a bug in cleargrid_assets: report it with this message."
ERRORS = [
    error
    for module in (client, landing_errors, warehouse_errors)
    for _, error in inspect.getmembers(module, inspect.isclass)
    if issubclass(error, Exception) and error is not ClearGridError
]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_of_ours_has_a_next_step_and_only_lost_rows_are_a_defect(kind):
    assert (next_step(kind("what happened")) == DEFECT) is (kind is landing_errors.ConservationError)


def test_the_cause_ends_as_a_sentence_before_the_next_step_begins():
    description = failure_of(UnreachableError("no answer", request_id="r-17")).description
    assert "(request id r-17). Next: Start this run again" in description


def test_a_failure_carries_the_request_id_and_all_that_support_asks_for():
    error = UnreachableError("no answer", doing="reading D23", status=503, request_id="r-17", attempts=5)
    failure = failure_of(error)
    metadata = {name: value.value for name, value in failure.metadata.items()}
    assert metadata["request_id"] == "r-17"
    assert (metadata["http_status"], metadata["attempts"], metadata["doing"]) == (503, 5, "reading D23")
    assert "r-17" in failure.description


def test_what_took_the_whole_time_budget_is_not_started_over():
    spent = TransientError("no page came for 75 s")
    spent.is_retryable = False
    assert not is_worth_retrying(spent)
    assert not is_worth_retrying(QueryTooLargeError("not even one second"))
    assert is_worth_retrying(TransientError("a hiccup"))


def test_a_transient_error_is_started_over_until_it_passes(platform, monkeypatch):
    calls = []
    real = ClearGridConnection.client

    def fail_twice(resource):
        calls.append(1)
        if len(calls) < 3:
            raise UnreachableError("a hiccup")
        return real(resource)

    monkeypatch.setattr(ClearGridConnection, "client", fail_twice)
    assert platform.load().success
    assert platform.landed() == platform.truth()
    assert len(calls) == 3


def test_a_transient_error_that_stays_keeps_its_request_id_in_the_failure(platform, monkeypatch):
    calls = []

    def raise_unreachable(_resource):
        calls.append(1)
        raise UnreachableError("still no answer", request_id="r-18")

    monkeypatch.setattr(ClearGridConnection, "client", raise_unreachable)
    assert failure_of_step(platform.load())["request_id"] == "r-18"
    assert len(calls) == 3


def test_an_error_that_nobody_foresaw_is_called_a_defect_with_its_cause_and_not_tried_again(platform, monkeypatch):
    calls = []

    def raise_defect(_resource):
        calls.append(1)
        raise KeyError("a defect")

    monkeypatch.setattr(ClearGridConnection, "client", raise_defect)
    failure = failure_of_step(platform.load())
    assert failure["description"] == f"KeyError: 'a defect'. Next: {DEFECT}"
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"CLEARGRID_ENVIRONMENT": "prod"}, "CLEARGRID_ENVIRONMENT"),
        ({"CLEARGRID_PASSWORD": ""}, "CLEARGRID_PASSWORD"),
        ({"CLEARGRID_BASE_URL": "http://example.com"}, "plain HTTP"),
        ({"CLEARGRID_PAGE_SIZE": "0"}, "CLEARGRID_PAGE_SIZE"),
        ({"CLEARGRID_VANISH_LIMIT": "2"}, "CLEARGRID_VANISH_LIMIT"),
    ],
)
def test_a_bad_setting_ends_the_run_at_once_and_is_named(platform, variables, named):
    failure = failure_of_step(platform.with_variables(**variables).load())
    assert failure["error"] == "SettingsError"
    assert named in failure["description"]


def test_an_answer_beyond_any_size_ends_the_run_at_once_and_is_called_a_breach(start_platform):
    run = start_platform(faults=["huge-bodies"]).load()
    assert failure_of_step(run)["error"] == "UnexpectedAnswerError"
    assert "64 MiB" in failure_of_step(run)["description"]
    assert not [event for event in run.all_events if event.is_step_up_for_retry]


def test_a_wrong_password_ends_in_a_rejected_login(platform):
    failure = failure_of_step(platform.with_variables(CLEARGRID_PASSWORD="wrong").load())
    assert failure["error"] == "LoginRejectedError"
    assert failure["request_id"].startswith("emulator-")
    assert "cleargrid doctor" in failure["next_step"]
