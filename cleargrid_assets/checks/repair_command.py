"""The command that repairs months, as one line to paste; the checks decide which months need it."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from cleargrid_assets.command_names import as_typed
from cleargrid_assets.jobs import REFRESH_MONTH
from cleargrid_assets.partitions import month_ranges

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_LISTED = 2
WORKSPACE = "workspace.yaml"
"""The file beside Dagster's history that tells it where the code is, as `cleargrid dev` and `deploy/` create it."""


def repair_command(keys: Sequence[str]) -> str:
    """The command that reads `keys` again and recomputes what depends on them; any folder will do, the daemon must run.

    It names the Dagster home of the run that prints it, because the emulator's differs from a real account's. Without a
    workspace file there, Dagster finds the code by the `pyproject.toml` of the folder in which the line is pasted.
    """
    home = Path(os.environ.get("DAGSTER_HOME") or ".dagster").absolute()
    workspace = home / WORKSPACE
    options = f"-w {shlex.quote(str(workspace))} " if workspace.exists() else ""
    return (
        f"DAGSTER_HOME={shlex.quote(str(home))} {as_typed('dagster')} job backfill {options}"
        f"--job {REFRESH_MONTH} {_partitions(keys)} --noprompt"
    )


def _partitions(keys: Sequence[str]) -> str:
    """The months as options: the first and the last one of a range of more than two."""
    if len(keys) > MOST_LISTED and len(month_ranges(keys)) == 1:
        return f"--from {min(keys)} --to {max(keys)}"
    return f"--partitions {','.join(sorted(keys))}"
