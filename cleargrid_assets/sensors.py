"""What follows by itself: derived tables after backfills made by hand, and alerts after failures.

Here: the sensors. Not here: the conditions, which each asset carries (`assets.sql_asset`), or an alert's text and
delivery (`alerts`).
"""

import dagster as dg

from cleargrid_assets.alerts import (
    causes_of,
    environment_of,
    failed_checks_of,
    failed_checks_text,
    failed_run_text,
    send_alert,
)
from cleargrid_assets.settings import Settings

FOLLOWERS = ("core", "analytics", "reports")
WILL_RETRY_TAG = "dagster/will_retry"
OFF = "CLEARGRID_ALERT_WEBHOOK is not set: nobody was told."


def build_follow_sensor() -> dg.AutomationConditionSensorDefinition:
    """Running from the first start: Dagster's own default sensor would wait for a click."""
    return dg.AutomationConditionSensorDefinition(
        "derived_tables_follow",
        target=dg.AssetSelection.groups(*FOLLOWERS),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description=(
            "Computes core, analytics and reports after months that were backfilled by hand: every month of the "
            "backfill whose blocking checks passed. A month with a red one waits until it was read again."
        ),
    )


def build_alert_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """Alerts on failed runs and on failed checks; running when CLEARGRID_ALERT_WEBHOOK is set, else stopped."""
    is_on = settings.is_alerting
    status = dg.DefaultSensorStatus.RUNNING if is_on else dg.DefaultSensorStatus.STOPPED
    off = "" if is_on else " Set CLEARGRID_ALERT_WEBHOOK to switch it on."

    @dg.run_failure_sensor(
        name="alert_on_failed_run",
        default_status=status,
        minimum_interval_seconds=30,
        description=f"Posts each failed run's cause and next step to the team's chat.{off}",
    )
    def alert_on_failed_run(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        run = context.dagster_run
        if run.tags.get(WILL_RETRY_TAG) == "true":
            return dg.SkipReason(f"Run {run.run_id} is started once more: too early for an alert.")
        if not settings.is_alerting:
            return dg.SkipReason(OFF)
        causes = causes_of(context.get_step_failure_events()) or [context.failure_event.message or "failed"]
        failed = failed_checks_of(context.instance, run.run_id)
        send_alert(settings, failed_run_text(environment_of(settings), run, causes, failed))
        return None

    @dg.run_status_sensor(
        name="alert_on_failed_check",
        run_status=dg.DagsterRunStatus.SUCCESS,
        default_status=status,
        minimum_interval_seconds=30,
        description=f"Posts checks of severity ERROR that failed in a run that succeeded to the team's chat.{off}",
    )
    def alert_on_failed_check(context: dg.RunStatusSensorContext) -> dg.SkipReason | None:
        failed = failed_checks_of(context.instance, context.dagster_run.run_id)
        if not failed:
            return dg.SkipReason("Every check of severity ERROR passed.")
        if not settings.is_alerting:
            return dg.SkipReason(OFF)
        send_alert(settings, failed_checks_text(environment_of(settings), context.dagster_run, failed))
        return None

    return [alert_on_failed_run, alert_on_failed_check]
