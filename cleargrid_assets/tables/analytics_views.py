"""The views of schema `analytics`: figures over several months, and over what can be computed when it is read.

Add a view here; its SELECT is in `warehouse/analytics/<name>.sql`. A view has no partitions and is never stale: it
follows every month that is computed and every load, also of an older month.
"""

from cleargrid_assets.tables.analytics import KPI_DAILY, KPI_MONTHLY, METRIC_DEFINITIONS
from cleargrid_assets.tables.analytics_columns import (
    ATTEMPTS,
    CHANNEL,
    ISO_WEEKDAY,
    KPI_DIMENSIONS,
    KPI_FIGURES,
    LOCAL_HOUR,
    RULES_VERSION_OF_A_WEEK,
    SOURCE,
    UNMAPPED,
    dispersion,
)
from cleargrid_assets.tables.calendar_views import LOADED_DAYS, MONTH_PROJECTION
from cleargrid_assets.tables.comparison_views import POOL_BENCHMARK, RATE_CHANGE_DECOMPOSITION
from cleargrid_assets.tables.core import CLASSES, CONTACT_ATTEMPTS, RULES_VERSION
from cleargrid_assets.tables.promise_views import FLAG_DELAY, PROMISE_AGE_CURVE, PROMISE_WEEKLY
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS, WAREHOUSE_IDENTITY
from cleargrid_assets.tables.table import MONTH, Column, View

_OF_SLICE = {"slice", "communication_type", "interaction_source"}


def _slice_of_kpi_monthly(name: str, meaning: str, *dimensions: str) -> View:
    """One slice of kpi_monthly, without the columns that say the same in each of its rows."""
    columns = tuple(
        column for column in KPI_MONTHLY.columns if column.name not in _OF_SLICE or column.name in dimensions
    )
    grain = ("month", *dimensions, "metric")
    return View("analytics", name, meaning, grain, columns, sources=(KPI_MONTHLY,))


KPI_MONTHLY_TOTAL = _slice_of_kpi_monthly(
    "kpi_monthly_total", "The figures of kpi_monthly over all rows of a month: its slice `all`."
)
KPI_MONTHLY_BY_CHANNEL = _slice_of_kpi_monthly(
    "kpi_monthly_by_channel", "The figures of kpi_monthly for each channel: its slice `channel`.", "communication_type"
)
KPI_MONTHLY_BY_POOL = _slice_of_kpi_monthly(
    "kpi_monthly_by_pool",
    "The figures of kpi_monthly for each pool, an interaction source on a channel: its slice `channel x source`.",
    "communication_type",
    "interaction_source",
)

_LATER = "Null unless both spans hold 7 whole days under the same rules, and for broken promises."

KPI_WEEKLY = View(
    "analytics",
    "kpi_weekly",
    "The shares of each ISO week, as sums of kpi_daily, and the difference from the four weeks before. Weeks cross "
    "months.",
    ("week_start_date", "slice", "communication_type", "interaction_source", "metric"),
    (
        Column("week_start_date", "DATE", "The week's Monday, a local date."),
        Column("iso_week", "VARCHAR", "The ISO year and week, such as `2026-W09`."),
        *KPI_DIMENSIONS,
        *KPI_FIGURES,
        UNMAPPED,
        Column("days", "BIGINT", "Days of the week that were over when the load of their month began, 0-7."),
        Column("is_complete", "BOOLEAN", "True if that is all 7."),
        Column("reference_days", "BIGINT", "The same of the four weeks before, 0-28."),
        Column("reference_numerator", "BIGINT", "The sum of the numerators of the four weeks before."),
        Column("reference_denominator", "BIGINT", "The sum of their denominators."),
        Column("reference_value", "DOUBLE", "Their pooled share; null if the denominator is 0.", nullable=True),
        Column("change_pp", "DOUBLE", f"value - reference_value, in percentage points. {_LATER}", nullable=True),
        Column(
            "change_lo",
            "DOUBLE",
            "Lower end of its 95% interval (Newcombe 1998, method 10), its half multiplied by the root of phi, in "
            "percentage points.",
            nullable=True,
        ),
        Column("change_hi", "DOUBLE", "Upper end of the same interval, in percentage points.", nullable=True),
        *dispersion("a denominator"),
        Column(
            "p_value",
            "DOUBLE",
            "Two-sided p-value of the difference (pooled z-test, z divided by the root of phi); 1 where a denominator "
            f"is 0 or the pooled share is 0 or 1. {_LATER}",
            nullable=True,
        ),
        RULES_VERSION_OF_A_WEEK,
    ),
    sources=(KPI_DAILY, METRIC_DEFINITIONS, D23_LOADS, D23_CHANGES, WAREHOUSE_IDENTITY),
)

OUTCOME_MIX_HOURLY = View(
    "analytics",
    "outcome_mix_hourly",
    "When each outcome is logged: by weekday and local hour of a month, by channel and source.",
    ("month", "iso_weekday", "local_hour", "communication_type", "interaction_source", "outcome", "result_class"),
    (
        MONTH,
        ISO_WEEKDAY,
        LOCAL_HOUR,
        CHANNEL,
        SOURCE,
        *(column for column in CLASSES if column.name in {"outcome", "result_class"}),
        Column("rows", "BIGINT", "Landed rows, active or not; the sum over the view is the number of landed rows."),
        ATTEMPTS,
        RULES_VERSION,
    ),
    sources=(CONTACT_ATTEMPTS,),
)

ANALYTICS_VIEWS = (
    LOADED_DAYS,
    KPI_MONTHLY_TOTAL,
    KPI_MONTHLY_BY_CHANNEL,
    KPI_MONTHLY_BY_POOL,
    KPI_WEEKLY,
    OUTCOME_MIX_HOURLY,
    PROMISE_AGE_CURVE,
    PROMISE_WEEKLY,
    FLAG_DELAY,
    RATE_CHANGE_DECOMPOSITION,
    POOL_BENCHMARK,
    MONTH_PROJECTION,
)
