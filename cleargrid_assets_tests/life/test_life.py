"""A simulated life: whatever happens to the warehouse, each day ends with exactly the rows that ClearGrid has.

`make test` simulates a few days and `make test-life` more than a year; `--life-days N` sets the number.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from cleargrid_assets.emulator import Credentials
from cleargrid_assets.emulator.faults import FAULTS
from cleargrid_assets_tests.analytics.expected_values import BY_HAND
from cleargrid_assets_tests.life import incidents
from cleargrid_assets_tests.life.incidents import MAPPED, REFUSED, SURVIVED
from cleargrid_assets_tests.life.platform_life import PlatformLife
from cleargrid_assets_tests.platform_under_test import started
from cleargrid_assets_tests.warehouse_kinds import why_no_lake

pytestmark = pytest.mark.slow

BIRTH = datetime(2025, 1, 21, 3, tzinfo=UTC)
NIGHT, SHIFT, LATE = timedelta(days=1), timedelta(hours=14), timedelta(days=45)
SETTINGS = {
    "CLEARGRID_START_MONTH": "2024-11",
    "CLEARGRID_TIMEZONE": "America/New_York",
    "CLEARGRID_TRAILING_MONTHS": "1",
    "CLEARGRID_VANISH_LIMIT": "1",
    "CLEARGRID_PAGE_SIZE": "50",
}
SEEDS = st.integers(0, 2**16 - 1).map(Random)
OTHER_LENDER = Credentials(lender="another-lender", lender_public_id="00000000-0000-4000-8000-000000000000")


class Life(RuleBasedStateMachine):
    """Each rule is one day: something happens, and the night's schedules follow."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(TemporaryDirectory()))
        clock = self._stack.enter_context(time_machine.travel(BIRTH))
        platform = self._stack.enter_context(started(folder, SETTINGS, now=BIRTH))
        self.life = PlatformLife(platform, clock, BIRTH, folder, self._stack)
        self._moves = 0
        first = platform.window(self.life.months[0]).since
        self.life.vendor.log_some(Random(0), first, BIRTH, number=60)  # noqa: S311 - the same rows each time

    def teardown(self) -> None:
        self.life.verify_all()
        self._stack.close()

    def begin_day(self, random: Random) -> str:
        """Log rows, some of them late; return the month to which something happens."""
        self.life.travel(self.life.now + SHIFT)
        self.life.vendor.log_some(random, self.life.now - NIGHT, self.life.now, number=6)
        self.life.vendor.log_some(random, self.life.now - LATE, self.life.now, number=1)
        return random.choice(self.life.months[-3:])

    def end_day(self) -> None:
        """Run the night, after which everything must be correct."""
        self.life.travel(self.life.now + NIGHT - SHIFT)
        self.life.night()
        self.life.verify()

    @rule(random=SEEDS)
    def rows_are_edited_and_promises_broken(self, random: Random) -> None:
        self.begin_day(random)
        self.life.vendor.edit_some(random, self.life.now)
        for _ in range(3):
            self.life.vendor.edit(self.life.vendor.any_row(random), self.life.now, is_ptp_broken=True)
        self.end_day()

    @rule(random=SEEDS)
    def rows_are_deleted(self, random: Random) -> None:
        month = self.begin_day(random)
        for _ in range(2):
            self.life.vendor.rows.pop(self.life.vendor.any_row(random))
        self.life.load(month)
        self.end_day()

    @rule(random=SEEDS, silently=st.booleans())
    def rows_are_moved_to_another_time(self, *, random: Random, silently: bool) -> None:
        month = self.begin_day(random)
        for _ in range(3):
            self.life.vendor.move(random, self.life.now, silently=silently)
        self.life.load(month)
        self.end_day()

    @rule(random=SEEDS)
    def two_loads_of_a_month_overlap(self, random: Random) -> None:
        month = self.begin_day(random)
        incidents.overlap(self.life, month, random)
        self.end_day()

    @rule(random=SEEDS, while_writing=st.booleans())
    def a_load_is_killed(self, *, random: Random, while_writing: bool) -> None:
        month = self.begin_day(random)
        incidents.kill(self.life, month, while_writing=while_writing)
        self.life.verify()
        self.end_day()

    @rule(random=SEEDS, fault=st.sampled_from(SURVIVED))
    def cleargrid_misbehaves_all_night(self, random: Random, fault: str) -> None:
        self.begin_day(random)
        with self.life.platform.inject_fault(FAULTS[fault]):
            self.end_day()

    @rule(random=SEEDS, fault=st.sampled_from(REFUSED))
    def a_load_fails(self, random: Random, fault: str) -> None:
        self.begin_day(random)
        incidents.fail_load_with_fault(self.life, self.life.fullest_month(), fault)
        self.life.verify()
        self.end_day()

    @rule(random=SEEDS, scope=st.sampled_from(("active", "all")))
    def the_row_scope_is_set(self, random: Random, scope: str) -> None:
        self.begin_day(random)
        incidents.set_rules(self.life, replace(self.life.rules, row_scope=scope))
        self.end_day()

    @rule(random=SEEDS, days=st.sampled_from((15, 30)))
    def the_maturity_of_promises_is_set(self, random: Random, days: int) -> None:
        self.begin_day(random)
        incidents.set_rules(self.life, replace(self.life.rules, ptp_maturity_days=days))
        self.end_day()

    @rule(random=SEEDS, is_own=st.booleans())
    def the_outcome_map_is_set(self, *, random: Random, is_own: bool) -> None:
        month = self.begin_day(random)
        self.life.load(month)
        incidents.set_rules(self.life, replace(self.life.rules, outcomes={**BY_HAND, **MAPPED} if is_own else BY_HAND))
        self.end_day()

    @rule(random=SEEDS)
    def the_clock_is_set_back(self, random: Random) -> None:
        month = self.begin_day(random)
        self.life.load(month)
        self.life.clock.move_to(self.life.now - timedelta(hours=5))
        self.life.vendor.edit_some(random, self.life.now)
        self.life.load(month)
        self.life.verify()
        self.end_day()

    @rule(random=SEEDS)
    def the_program_is_upgraded(self, random: Random) -> None:
        self.begin_day(random)
        incidents.upgrade(self.life, f"{random.getrandbits(32):08x}")
        self.end_day()

    @precondition(lambda self: self.life.computed)
    @rule(random=SEEDS)
    def a_derived_row_gets_lost(self, random: Random) -> None:
        self.begin_day(random)
        incidents.damage(self.life, random)
        self.end_day()

    @precondition(lambda _: not why_no_lake())
    @rule(random=SEEDS)
    def the_warehouse_is_moved_to_a_lake_or_back(self, random: Random) -> None:
        self.begin_day(random)
        self._moves += 1
        incidents.move_warehouse(self.life, self._moves)
        self.end_day()

    @rule(random=SEEDS)
    def another_lender_and_another_zone_are_refused(self, random: Random) -> None:
        month = self.begin_day(random)
        self.life.load(month)
        incidents.fail_load(self.life, month, CLEARGRID_TIMEZONE="Asia/Dubai")
        incidents.fail_load_of_other_lender(self.life, month, OTHER_LENDER)
        self.end_day()


def test_whatever_happens_each_day_ends_with_what_cleargrid_holds(request: pytest.FixtureRequest) -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=1,
            stateful_step_count=request.config.getoption("--life-days"),
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_life_goes_on_in_a_lake_and_back_in_a_file() -> None:
    if reason := why_no_lake():
        pytest.skip(reason)
    life = Life()
    for seed, day in enumerate(
        (
            life.rows_are_edited_and_promises_broken,
            life.the_warehouse_is_moved_to_a_lake_or_back,
            life.two_loads_of_a_month_overlap,
            partial(life.rows_are_moved_to_another_time, silently=False),
            life.the_warehouse_is_moved_to_a_lake_or_back,
            life.rows_are_deleted,
        )
    ):
        day(random=Random(seed))  # noqa: S311 - the same days each time
    life.teardown()
