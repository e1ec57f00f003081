"""The command that repairs months, as one line to paste. Here: the line. Not here: which months need it."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

REFRESH_MONTH = "refresh_month"
"""The job that reads a month again and computes everything made of it; `jobs` builds it."""


def repair_command(keys: Sequence[str]) -> str:
    """Read `keys` again and compute what is made of them; for the project's folder, while the daemon runs.

    It names the history of the run that tells it: the emulator's is another one than a real account's.
    """
    given = os.environ.get("DAGSTER_HOME")
    home = shlex.quote(given) if given else "$PWD/.dagster"
    return (
        f"DAGSTER_HOME={home} .venv/bin/dagster job backfill --job {REFRESH_MONTH} "
        f"--partitions {','.join(keys)} --noprompt"
    )
