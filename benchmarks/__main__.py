"""`python -m benchmarks [NAME ...]` runs the named benchmarks, or all. Add a new benchmark to the list here."""

from __future__ import annotations

import argparse

from benchmarks import (
    backfills,
    decoding,
    development,
    lakes,
    lenders,
    loading,
    nights,
    platform,
    reporting,
    request_counts,
    small_runs,
    wide,
)

BENCHMARKS = {
    "side-by-side": loading.side_by_side,
    "floor": loading.beside_the_floor,
    "requests": request_counts.requests,
    "growth": loading.growth,
    "dense-day": loading.dense_day,
    "re-read": loading.re_read,
    "decode": decoding.decode_and_convert,
    "start-up": platform.start_up,
    "dev-start": development.dev_start,
    "one-run": platform.one_run,
    "small-run": small_runs.small_run,
    "marts": platform.marts,
    "night": nights.night,
    "report": reporting.report,
    "backfill": backfills.backfill,
    "backfill-runs": backfills.backfill_runs,
    "choices": backfills.choices,
    "lenders": lenders.lenders,
    "wide": wide.wide,
}
DISTRIBUTED = {"lake": lakes.lake, "lake-growth": lakes.lake_growth, "hosts": lakes.hosts, "wide-lake": wide.wide_lake}
"""Those that need `.venv-lake` and PostgreSQL; asked for by name only."""


def main() -> None:
    """Run the named benchmarks, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, *DISTRIBUTED, []], help="which; none: all")
    for name in parser.parse_args().names or BENCHMARKS:
        print(f"\n== {name}", flush=True)
        {**BENCHMARKS, **DISTRIBUTED}[name]()


if __name__ == "__main__":
    main()
