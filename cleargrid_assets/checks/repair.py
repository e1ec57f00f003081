"""The command that repairs months, as one line to paste. Here: the line. Not here: which months need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

REFRESH_MONTH = "refresh_month"
"""The job that reads a month again and computes everything made of it; `jobs` builds it."""


def repair_command(keys: Sequence[str]) -> str:
    """Read `keys` again and compute what is made of them; for the project's folder, while the daemon runs."""
    return (
        f"DAGSTER_HOME=$PWD/.dagster .venv/bin/dagster job backfill --job {REFRESH_MONTH} "
        f"--partitions {','.join(keys)} --noprompt"
    )
