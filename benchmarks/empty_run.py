"""The yardstick of a small run: an empty monthly asset and its job, for benchmarks only. It imports Dagster alone."""

import dagster as dg

EMPTY = "empty"


@dg.asset(name=EMPTY, partitions_def=dg.MonthlyPartitionsDefinition("2020-01-01", end_offset=1))
def empty_asset() -> None:
    """Compute nothing."""


defs = dg.Definitions(
    assets=[empty_asset],
    jobs=[dg.define_asset_job("refresh_month", selection=[EMPTY], executor_def=dg.in_process_executor)],
    executor=dg.in_process_executor,
)
