"""Measures whole processes from outside: wall, processor and load seconds, peak memory.

Add what the kernel reports about a process here; the benchmarks choose which loaders to compare.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KIB = 1024


@dataclass(frozen=True)
class Measurement:
    """One process. `load_seconds` comes from its own output, everything else from the kernel; memory in MB."""

    rows: int
    load_seconds: float
    wall_seconds: float
    cpu_seconds: float
    peak_mb: float


def run(
    command: Sequence[str], *, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Measurement:
    """Run `command` to its end; its last line may be JSON with `rows` and `seconds`. Raises if it fails."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, cwd=cwd, env=dict(environment or os.environ)
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        output.seek(0)
        output_text = output.read().decode()
    if process.returncode:
        raise RuntimeError(f"{command[:4]} ended with {process.returncode}:\n{output_text[-2000:]}")
    result = _last_json(output_text)
    return Measurement(
        rows=int(result.get("rows", 0)),
        load_seconds=float(result.get("seconds", wall)),
        wall_seconds=wall,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss * KIB / 1e6,
    )


def cpu_seconds_of_group(process_group: int) -> float:
    """The processor seconds that the processes of a group and their ended children have taken so far (Linux)."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended; its parent counts it
            # After the command: state, parent, group.
            fields = path.read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(fields[2]) == process_group:
                ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _last_json(output_text: str) -> dict[str, float]:
    lines = output_text.strip().splitlines()
    return json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}


def run_loader(
    name: str,
    base_url: str,
    month: str,
    *,
    page_size: int = 1000,
    concurrency: int = 8,
    warehouse: str | None = None,
    lake_data: str | None = None,
) -> Measurement:
    """One loader of `benchmarks.loaders`, into a new file unless `warehouse` names another, or a lake."""
    with tempfile.TemporaryDirectory() as folder:
        target = warehouse or str(Path(folder) / "warehouse.duckdb")
        arguments = ["--base-url", base_url, "--month", month, "--warehouse", target]
        arguments += ["--page-size", str(page_size), "--concurrency", str(concurrency)]
        arguments += ["--lake-data", lake_data] if lake_data else []
        return run([sys.executable, "-m", f"benchmarks.loaders.{name}", *arguments])


def median(measured: Sequence[Measurement], field: str) -> float:
    """The median of one field over several runs."""
    return statistics.median(getattr(one, field) for one in measured)


def line(name: str, measured: Sequence[Measurement], beside: Sequence[Measurement] | None = None) -> str:
    """One line with a loader's medians and their ratios to those of the other loader."""
    fields = {"load_seconds": "load s", "cpu_seconds": "cpu s", "peak_mb": "peak MB"}
    parts = [f"{name:<10}{measured[0].rows:>10,} rows"]
    for field, label in fields.items():
        figure = median(measured, field)
        ratio = f" ({figure / median(beside, field):4.2f}x)" if beside else " " * 8
        parts.append(f"{figure:>9.2f} {label}{ratio}")
    return "  ".join(parts)
