"""The views of whole days and of the open month's end. Add another one that follows the calendar here."""

from cleargrid_assets.tables.analytics import KPI_DAILY, METRIC_DEFINITIONS
from cleargrid_assets.tables.analytics_columns import LOCAL_DATE
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS, RULES_VERSION
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS, WAREHOUSE_IDENTITY
from cleargrid_assets.tables.table import MONTH, Column, View

LOADED_DAYS = View(
    "analytics",
    "loaded_days",
    "The local days of every computed month, and which of them were over when the month was last read.",
    ("local_date",),
    (
        MONTH,
        LOCAL_DATE,
        Column("ends_at", "TIMESTAMP", "The end of the day in the configured time zone, as an instant in UTC."),
        Column("read_at", "TIMESTAMP", "When the load began that last read the month, UTC."),
        Column("is_whole", "BOOLEAN", "True if the day was over by then; another day is compared with nothing."),
        RULES_VERSION,
    ),
    sources=(KPI_DAILY, D23_LOADS, D23_CHANGES, WAREHOUSE_IDENTITY),
)

MONTH_PROJECTION = View(
    "analytics",
    "month_projection",
    "The open month's counts and shares projected to its end, and each closed month as it would have been projected on "
    "that day of it (its backtest). Months without 8 whole weeks before them are left out. Believe a projection only "
    "where its median error is below that of taking the figure of the month before.",
    ("month", "slice", "communication_type", "figure"),
    (
        MONTH,
        Column("slice", "VARCHAR", "The level of the figure: `all` or `channel`."),
        Column("communication_type", "VARCHAR", "Channel, as sent; `(all)` in the slice all."),
        Column("figure", "VARCHAR", "A count, such as `attempts`, or a metric; see metric_definitions."),
        Column("unit", "VARCHAR", "`count` or `share`."),
        Column("is_open", "BOOLEAN", "True for the open month; every other row is a backtest."),
        Column("cut_at", "TIMESTAMP", "The instant up to which rows are known, UTC: the last load's start, if open."),
        Column(
            "completeness",
            "DOUBLE",
            "The share of the whole days' rows that had been logged by then, as the 8 weeks before show it; of a "
            "share, that of its numerator. Null while the days have none.",
            nullable=True,
        ),
        Column("so_far", "DOUBLE", "The figure over the rows known at cut_at.", nullable=True),
        Column("projected", "DOUBLE", "The figure of the whole month, as projected from them.", nullable=True),
        Column("final", "DOUBLE", "The figure of the closed month; null while it is open.", nullable=True),
        Column("previous", "DOUBLE", "The figure of the month before; null without one.", nullable=True),
        Column("abs_error", "DOUBLE", "|projected - final|.", nullable=True),
        Column("previous_abs_error", "DOUBLE", "|previous - final|: the error of the month before.", nullable=True),
        Column("backtests", "BIGINT", "Closed months with both errors."),
        Column("median_abs_error", "DOUBLE", "The median of abs_error over them.", nullable=True),
        Column("previous_median_abs_error", "DOUBLE", "The median of previous_abs_error over them.", nullable=True),
        RULES_VERSION,
    ),
    sources=(CONTACT_ATTEMPTS, METRIC_DEFINITIONS, *LOADED_DAYS.sources),
)
