"""How often, after which wait, and when to give up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleargrid_assets.client import RateLimitedError, RetryPolicy, ServerFaultError
from cleargrid_assets.client.deadlines import Deadline
from cleargrid_assets.client.redaction import Redactor
from cleargrid_assets.client.response import Response
from cleargrid_assets.client.retry import FailedAttempt, parse_retry_after
from cleargrid_assets.client.status import classify
from cleargrid_assets.failures import RETRIES

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LEAST, MOST = (lambda: 0.0), (lambda: 1.0)
ONE_MINUTE, TWO_MINUTES, STARTING_SECONDS = 60, 120, 15


def waits(policy, failure):
    attempts = policy.max_attempts(failure, server_is_up=False)
    return sum(policy.wait_after(failure, attempt) for attempt in range(1, attempts))


@given(st.integers(1, 60), st.floats(0, 1))
def test_a_wait_is_between_half_the_exponential_step_and_the_step_and_never_over_the_cap(attempt, chance):
    policy = RetryPolicy(jitter=lambda: chance)
    step = min(policy.cap_seconds, policy.base_seconds * 2 ** (attempt - 1))
    assert step / 2 <= policy.wait_seconds(attempt) <= step


@pytest.mark.parametrize("jitter", [LEAST, MOST])
def test_client_and_dagster_outlast_an_outage_of_a_minute_and_report_a_longer_one_within_two(jitter):
    one_request = waits(RetryPolicy(jitter=jitter), FailedAttempt(ServerFaultError("down")))
    between = sum(RETRIES.calculate_delay(attempt) for attempt in (1, 2))
    count_and_pages = 2 * one_request
    assert 2 * count_and_pages + between > ONE_MINUTE
    assert 3 * count_and_pages + between < TWO_MINUTES - STARTING_SECONDS


def test_a_rate_limit_of_a_minute_is_waited_for():
    assert waits(RetryPolicy(jitter=MOST), FailedAttempt(RateLimitedError("slow down"))) > 60


def test_what_the_server_asks_for_is_waited_for_and_a_moment_more():
    failure = FailedAttempt(RateLimitedError("slow down"), wait_seconds=7)
    assert RetryPolicy(jitter=LEAST).wait_after(failure, 1) == 7
    assert 7 < RetryPolicy(jitter=MOST).wait_after(failure, 1) <= 8


def test_a_request_goes_on_longer_while_the_server_answers_others():
    policy = RetryPolicy()
    fault = FailedAttempt(ServerFaultError("flaky"))
    assert policy.max_attempts(fault, server_is_up=True) > policy.max_attempts(fault, server_is_up=False)


@pytest.mark.parametrize(("seconds", "allowed"), [(60.4, True), (3600, False)])
def test_a_minute_is_waited_for_and_an_hour_is_not(seconds, allowed):
    assert RetryPolicy().allows_wait(seconds, Deadline()) is allowed


def test_nobody_waits_past_the_end_of_the_loads_time():
    assert not RetryPolicy().allows_wait(5, Deadline(4))


@pytest.mark.parametrize(
    ("error", "seconds", "server_is_up", "is_retryable"),
    [
        (ServerFaultError("down"), 10, False, True),
        (ServerFaultError("down for long"), 31, False, False),
        (ServerFaultError("this request alone"), 20, True, False),
        (RateLimitedError("slow down"), 12, True, True),
        (RateLimitedError("come back in an hour"), 3600, False, False),
    ],
)
def test_a_load_is_started_over_only_after_short_trouble_of_the_whole_server(
    error, seconds, server_is_up, is_retryable
):
    assert RetryPolicy().give_up(error, seconds, server_is_up=server_is_up).is_retryable is is_retryable


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("17", 17.0),
        (" 17 ", 17.0),
        ("3600", 3600.0),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        (format_datetime(NOW - timedelta(seconds=30), usegmt=True), 0.0),
        ("Mon, 01 Jun 2026 12:00:30 -0000", 30.0),
        ("Mon, 01 Jun 2026 14:00:30 +0200", 30.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("²", None),
        ("Mon, 01 Jun 99999999999999999999 12:00:30 GMT", None),
        ("Mon, 01 Jun 2026 12:00:30 +99999999999999999999", None),
    ],
)
def test_retry_after_is_read_as_seconds_and_as_a_date_and_ignored_otherwise(header, seconds):
    assert parse_retry_after(header, NOW) == seconds


@pytest.mark.parametrize(("number", "seconds"), [(429, 7.0), (503, 7.0), (500, None)])
def test_a_rate_limit_and_an_overload_may_say_how_long_to_wait(number, seconds):
    response = Response(number, b"", {"retry-after": "7"}, seconds=0.1)
    assert classify(response, Redactor()).wait_seconds == seconds
