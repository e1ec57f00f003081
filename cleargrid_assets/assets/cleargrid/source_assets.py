"""The source assets: each dataset at ClearGrid by month, observed by one step for all datasets.

Their definition belongs here; what an observation does is in `observation`. One step, because the datasets share the
night's budget of requests.
"""

from collections.abc import Iterator, Sequence

import dagster as dg
from dagster._core.definitions.assets.definition.asset_spec import AssetExecutionType

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.definition_metadata import OWNERS, VENDOR_PAGE, code_references
from cleargrid_assets.connections import ClearGridConnection, Clock, WarehouseConnection
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.tables.dataset import RawDataset

API_POOL = "cleargrid_api"
"""The pool of every step that sends requests to ClearGrid. The instance limits it; code cannot."""

DESCRIPTION = """
ClearGrid's dataset {code}, {title}, in section {section} of its export API: {source}. ClearGrid changes rows after the
fact, so months are read again.

Every night, the job `observe_cleargrid` asks ClearGrid for its own count of each month, which is the month's data
version. A count that is missing, capped or not exact is not known: the month keeps its version.

No count shows changes in place. So each week, the observation also reads one random day of every loaded month that no
schedule reads any more, and compares it with the landed rows. A month that changed since its last load is loaded again
by the sensor `changed_months_refresh`; the check `sampled_days_are_unchanged` of `{ledger}` says how
many days may hold changes.

The latest event without a partition lists the months that changed, those that are not known, and those left out because
the budget of requests, `CLEARGRID_OBSERVE_REQUESTS`, did not suffice.
"""


def build_sources(
    datasets: Sequence[RawDataset],
    months: dg.MonthlyPartitionsDefinition,
    retries: dg.RetryPolicy,
    keys: AssetKeys,
) -> dg.AssetsDefinition:
    """The datasets at ClearGrid, which runs observe and read but never write.

    `retries` apply to errors that may go away by themselves and that come before the first count.
    """
    by_key = {keys.source(dataset): dataset for dataset in datasets}

    @dg.multi_asset(
        name=keys("cleargrid", "datasets").to_python_identifier(),
        specs=[_spec(dataset, keys) for dataset in datasets],
        partitions_def=months,
        pool=API_POOL,
        can_subset=True,
    )
    def months_at_cleargrid(
        context: dg.AssetExecutionContext,
        cleargrid: dg.ResourceParam[ClearGridConnection],
        warehouse: dg.ResourceParam[WarehouseConnection],
        clock: dg.ResourceParam[Clock],
    ) -> Iterator[dg.AssetObservation | dg.AssetMaterialization | dg.ObserveResult]:
        from cleargrid_assets.assets.cleargrid.observation import begin_observation  # noqa: PLC0415 - start-up

        selected = [dataset for key, dataset in by_key.items() if key in context.selected_asset_keys]
        with dagster_failures(retries, retries_so_far=context.retry_number):
            observation = begin_observation(
                context, selected, months, keys, cleargrid=cleargrid, warehouse=warehouse.warehouse(), now=clock.now()
            )
        with dagster_failures():
            yield from observation.observe()

    return _observed(months_at_cleargrid)


def _observed(assets: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """The assets as ones that are observed; Dagster's own decorator for such assets puts none into a pool."""
    attributes = {**assets.get_attributes_dict(), "execution_type": AssetExecutionType.OBSERVATION}
    return dg.AssetsDefinition.dagster_internal_init(**attributes)


def _spec(dataset: RawDataset, keys: AssetKeys) -> dg.AssetSpec:
    return dg.AssetSpec(
        keys.source(dataset),
        group_name="cleargrid",
        description=DESCRIPTION.format(
            code=dataset.code,
            title=dataset.title,
            section=dataset.export.section,
            source=dataset.source,
            ledger="/".join(dataset.loads.key),
        ),
        metadata={
            "ClearGrid's documentation": dg.MetadataValue.url(VENDOR_PAGE),
            "dagster/code_references": code_references("cleargrid", "source_assets"),
        },
        owners=OWNERS,
        kinds={"api"},
    )
