"""Creates a release's warehouse for the tests of later releases: run `python make.py VERSION` in its checkout."""

from __future__ import annotations

import gzip
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cleargrid_assets.jobs import REFRESH_SUMMARY
from cleargrid_assets_tests.platform_under_test import started

MONTHS = ("2026-04-01", "2026-05-01")
EMULATOR = {"rows_per_day": 3, "seed": 1}
LATER = timedelta(days=40)


def main(version: str) -> None:
    """Load two months twice, compute everything, and keep the file beside this one."""
    with tempfile.TemporaryDirectory() as folder, started(Path(folder), {}, **EMULATOR) as platform:
        for month in MONTHS:
            assert platform.refresh(month).success
        platform.emulator.now = (platform.emulator.now or datetime.now(UTC)) + LATER
        for month in reversed(MONTHS):
            assert platform.refresh(month).success
        summary = platform.definitions.resolve_job_def(REFRESH_SUMMARY)
        assert summary.execute_in_process(instance=platform.instance).success
        content = platform.file.read_bytes()
    Path(__file__).with_name(f"{version}.duckdb.gz").write_bytes(gzip.compress(content))


if __name__ == "__main__":
    main(sys.argv[1])
