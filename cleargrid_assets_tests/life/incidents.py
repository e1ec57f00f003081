"""Incidents in the life of a warehouse: kills, overlaps, faults, damage, changed settings, a move.

Each function causes one incident on a platform from `platform_life`. Add further incidents here.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NoReturn
from unittest.mock import patch

import dagster as dg

from cleargrid_assets.emulator.faults import FAULTS, Fault
from cleargrid_assets.jobs import COMPUTE_MONTH
from cleargrid_assets.tables.analytics import COHORT_CONTACT, OUTCOME_MIX
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS
from cleargrid_assets.warehouse.copying import move
from cleargrid_assets_tests.analytics.expected_values import BY_HAND
from cleargrid_assets_tests.landing.slow_responses import hold_next_response
from cleargrid_assets_tests.life.platform_life import ERROR
from cleargrid_assets_tests.warehouse_kinds import FILE, SQLITE, variables_of

if TYPE_CHECKING:
    from random import Random

    from cleargrid_assets.emulator import Credentials
    from cleargrid_assets.tables.table import Table
    from cleargrid_assets_tests.life.computed_months import ReportingRules
    from cleargrid_assets_tests.life.platform_life import PlatformLife
    from cleargrid_assets_tests.platform_under_test import Platform

POLL_SECONDS = 0.05
SURVIVED = ("server-errors", "half-json", "cut-bodies", "large-pages-time-out", "total-capped", "future-ends-now")
"""Faults that cost a load nothing but requests."""

REFUSED = ("cursor-loop", "no-rows", "no-pagination", "total-too-high")
"""Faults with which nothing may land."""

DAMAGED = (CONTACT_ATTEMPTS, OUTCOME_MIX, COHORT_CONTACT)
"""Tables whose rows add up to those of the month."""

MAP = """outcome,contact_class,result_class,aliases
broken_promise_call,right_party,no_commitment,BPTP
"""
MAPPED = {"BPTP": ("broken_promise_call", "right_party", "no_commitment")}
MAPPED |= {"B.P.T.P": MAPPED["BPTP"]}


def fail_load(life: PlatformLife, month: str, **variables: str) -> None:
    """Run a load with these settings, which must fail."""
    assert not life.platform.with_variables(**variables).load(month).success


def fail_load_with_fault(life: PlatformLife, month: str, fault: str) -> None:
    """Run a load that must fail because of a fault in ClearGrid's responses."""
    with life.platform.inject_fault(FAULTS[fault]):
        fail_load(life, month)


def fail_load_of_other_lender(life: PlatformLife, month: str, credentials: Credentials) -> None:
    """Run a load with another lender's account, which must fail."""
    accounts = life.platform.emulator.accounts
    own, accounts.credentials = accounts.credentials, credentials
    fail_load(life, month, CLEARGRID_LENDER=credentials.lender)
    accounts.credentials = own


def overlap(life: PlatformLife, month: str, random: Random) -> None:
    """Let a slow load of the month be overtaken by one that began later; do nothing if the month is empty."""
    reading, received = life.model.begin_read(), life.received(month)
    with hold_next_response(life.platform) as answer, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(life.platform.load, month)
        while not (slow.done() or answer.is_held.wait(POLL_SECONDS)):
            pass
        if not slow.done():
            life.vendor.edit_some(random, life.now)
            life.load(month)
        answer.released.set()
        life.land(month, received, reading, slow.result())


def kill(life: PlatformLife, month: str, *, while_writing: bool) -> None:
    """Kill the process of a load while it reads or in the middle of its transaction."""
    if not (while_writing or life.received(month)):
        return
    options = ["--while-writing"] if while_writing else []
    arguments = ["-m", "cleargrid_assets_tests.life.killed_load", life.now.isoformat(), month, *options]
    environment = {**life.platform.environment(), "DAGSTER_HOME": ""}
    process = subprocess.Popen([sys.executable, *arguments], env=environment)

    def kill_while_reading(body: bytes, _ask: object) -> bytes:
        if not while_writing:
            os.kill(process.pid, signal.SIGKILL)
        return body

    with life.platform.inject_fault(Fault("the load's machine loses power", garble=kill_while_reading)):
        assert process.wait() == -signal.SIGKILL


def set_rules(life: PlatformLife, rules: ReportingRules) -> None:
    """Change the reporting settings; Dagster reads them when it restarts."""
    path = life.folder / "outcomes.csv"
    path.write_text(MAP, encoding="utf-8")
    life.rules = rules
    life.platform = life.platform.with_variables(
        CLEARGRID_ROW_SCOPE=rules.row_scope,
        CLEARGRID_PTP_MATURITY_DAYS=str(rules.ptp_maturity_days),
        CLEARGRID_OUTCOMES=str(path) if rules.outcomes is not BY_HAND else "",
    )


def upgrade(life: PlatformLife, sql_version: str) -> None:
    """Install a release whose SQL differs but computes the same figures."""
    life.stack.enter_context(patch("cleargrid_assets.rules_version._sql_version", return_value=sql_version))


def damage(life: PlatformLife, random: Random) -> None:
    """Delete a row of a derived table: one of its checks must fail, and the month is computed again."""
    month = random.choice([month for month in sorted(life.computed) if life.computed[month].rows])
    table = random.choice(DAMAGED)
    where = f"WHERE month = DATE '{month}'"
    with life.platform.warehouse.writing() as connection:
        connection.execute(
            f"DELETE FROM {table.qualified_name} {where} AND "
            f"rowid = (SELECT min(rowid) FROM {table.qualified_name} {where})"
        )
    assert red_checks(life.platform, table, month)
    life.execute(COMPUTE_MONTH, month)


def red_checks(platform: Platform, table: Table, month: str) -> list[str]:
    """The table's failed checks of severity ERROR for the month."""
    nodes = platform.definitions.resolve_asset_graph().asset_check_nodes
    keys = {node.key for node in nodes if node.key.asset_key == dg.AssetKey(table.key)}
    job = platform.definitions.resolve_implicit_global_asset_job_def()
    run = job.get_subset(asset_selection=set(), asset_check_selection=keys).execute_in_process(
        partition_key=month, instance=platform.instance, raise_on_error=False
    )
    evaluations = run.get_asset_check_evaluations()
    return [each.check_name for each in evaluations if not each.passed and each.severity is ERROR]


def move_warehouse(life: PlatformLife, number: int) -> None:
    """Move the warehouse for the `number`th time, from the file to a lake or from the lake to a file."""
    folder = life.folder / f"warehouse-{number}"
    folder.mkdir()
    kind = FILE if life.platform.warehouse.is_lake else SQLITE
    target = life.platform.with_variables(**variables_of(kind, folder, no_postgres))
    list(move(life.platform.warehouse, target.warehouse, may_overwrite=False))
    life.platform = target
    life.verify_all()


def no_postgres() -> NoReturn:
    """A lake in SQLite needs no server."""
    raise AssertionError
