"""Weekly maintenance of a lake: a job that drops what is older than CLEARGRID_LAKE_KEEP_DAYS.

The job and its schedule belong here, and a file needs neither; what is dropped is decided in `warehouse.expiry`.
"""

import dagster as dg

from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.resources import WarehouseResource
from cleargrid_assets.settings import Settings
from cleargrid_assets.warehouse.expiry import expire

WEEKLY = "30 1 * * 0"


@dg.op
def expire_old_snapshots(context: dg.OpExecutionContext, warehouse: dg.ResourceParam[WarehouseResource]) -> None:
    """Drop old snapshots and the files that only they need; do nothing if there is no lake yet."""
    with dagster_failures():
        lake = warehouse.warehouse()
        if not lake.exists:
            context.log.info("There is no lake yet.")
            return
        expired = expire(lake, warehouse.settings.lake_keep_days)
    context.log.info("Dropped %s snapshots and %s replaced files.", expired.snapshots, expired.files)


@dg.job(description="Drop snapshots and replaced files of the lake that are older than CLEARGRID_LAKE_KEEP_DAYS.")
def keep_house() -> None:
    """Maintain the lake: expire old snapshots."""
    expire_old_snapshots()


def build_housekeeping(settings: Settings) -> list[dg.ScheduleDefinition]:
    """The weekly schedule if the warehouse is a lake; it runs from the first start."""
    if not settings.is_lake:
        return []
    return [
        dg.ScheduleDefinition(
            name="keep_house_weekly",
            job=keep_house,
            cron_schedule=WEEKLY,
            execution_timezone=settings.timezone,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="Every Sunday: drop old snapshots and replaced files of the lake.",
        )
    ]
