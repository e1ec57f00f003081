"""The console reports each run's start and end, its warnings, and the first sentence of its failure."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
import pytest

from cleargrid_assets.commands.run_console import RunLines, first_sentence
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_copies import load_months
from cleargrid_assets_tests.platform_under_test import MAY


@pytest.fixture
def lines(platform):
    return RunLines(platform.instance, datetime.now(UTC))


def strip_times(lines):
    return [line.split("  ", 1)[1] for line in lines]


def test_a_run_has_a_line_when_it_began_and_one_when_it_ended_and_each_is_printed_once(platform, lines):
    platform.refresh()
    printed = strip_times(lines.new())
    assert (printed[0], printed[-1].split(": ")[0]) == ("2026-05  refresh_month: started", "2026-05  refresh_month")
    assert "ok" in printed[-1]
    assert list(lines.new()) == []


def test_a_failed_run_says_why_in_one_sentence(platform, lines):
    platform.with_variables(CLEARGRID_PASSWORD="wrong").load()
    printed = strip_times(lines.new())
    assert "raw/d23_manual_communication_logs" in printed[-1]
    assert "failed" in printed[-1]
    assert "Login failed" in printed[-1]
    assert "cleargrid doctor" not in printed[-1]


def test_a_run_that_is_started_over_says_what_it_met(platform, lines):
    @dg.op
    def load():
        raise dg.RetryRequested(max_retries=1) from dg.Failure("HTTP 500 (request id 7). Next: wait.")

    @dg.job
    def refresh_month():
        load()

    refresh_month.execute_in_process(instance=platform.instance, raise_on_error=False)
    assert strip_times(lines.new())[1].strip() == "refresh_month: trying again. HTTP 500 (request id 7)."


def test_checks_that_warn_and_checks_that_fail_are_named(platform, lines):
    serve(platform, [*(row(number, note="x") for number in range(1, 10)), row(10, is_active="true")])
    platform.load()
    printed = strip_times(lines.new())
    assert any("warning: no_unknown_field_was_sent of raw/" in line for line in printed)
    assert any("quarantined_rows_are_within_the_limit of raw/" in line for line in printed)


def test_steps_left_out_behind_a_failed_one_are_not_listed(start_platform):
    platform = start_platform(faults=["no-rows"])
    lines = RunLines(platform.instance, datetime.now(UTC))
    platform.refresh()
    assert len(list(lines.new())) == 2


def test_what_happened_before_is_not_told_again(start_after):
    platform = start_after(load_months, MAY)
    assert list(RunLines(platform.instance, datetime.now(UTC)).new()) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("It is 0.5 % of 10. Run it again.", "It is 0.5 % of 10."),
        ("HTTP 500 (request id 7) Next: wait.", "HTTP 500 (request id 7)"),
        ("two\n lines", "two lines"),
        ("", ""),
    ],
)
def test_the_first_sentence_is_what_happened_without_the_advice(text, sentence):
    assert first_sentence(text) == sentence
