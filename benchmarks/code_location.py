"""Definitions of the platform with another executor, for benchmarks only; the choice is made in docs/performance.md."""

import os

import dagster as dg

from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.settings import Settings

EXECUTORS = {"in process": dg.in_process_executor, "a process per step": dg.multiprocess_executor}


@dg.definitions
def definitions() -> dg.Definitions:
    """The same graph, on the executor that BENCHMARK_EXECUTOR names."""
    built = build_definitions(Settings.from_environment())
    return dg.Definitions(
        assets=built.assets,
        asset_checks=built.asset_checks,
        jobs=built.jobs,
        resources=built.resources,
        executor=EXECUTORS[os.environ["BENCHMARK_EXECUTOR"]],
    )
