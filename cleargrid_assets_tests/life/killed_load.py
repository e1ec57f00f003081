"""`python -m cleargrid_assets_tests.life.killed_load INSTANT MONTH [--while-writing]`: a load in a process of its own.

With `--while-writing` the process kills itself in the transaction, when everything but the ledger is written; without
it, the emulator kills it while it reads.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from typing import NoReturn

import dagster as dg
import time_machine

from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.landing import ledger
from cleargrid_assets.settings import Settings
from cleargrid_assets_tests.platform_under_test import LOGS


def kill_this_process(*_arguments: object) -> NoReturn:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def main(moment: str, month: str, *options: str) -> None:
    """Load the month at the instant `moment`."""
    if "--while-writing" in options:
        setattr(ledger, "append", kill_this_process)  # noqa: B010 - mypy refuses an assignment, it never returns
    job = build_definitions(Settings.from_environment()).resolve_implicit_global_asset_job_def()
    with time_machine.travel(datetime.fromisoformat(moment)), dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(partition_key=month, asset_selection=[LOGS], instance=instance)


if __name__ == "__main__":
    main(*sys.argv[1:])
