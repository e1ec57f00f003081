"""Columns that several tables of schema `analytics` share: dimensions, counts, rates. Add a shared one here."""

from dataclasses import replace

from cleargrid_assets.tables.core import RULES_VERSION
from cleargrid_assets.tables.table import Column

CHANNEL = Column("communication_type", "VARCHAR", "Channel, as sent; `(null)` if none was sent.")
SOURCE = Column("interaction_source", "VARCHAR", "Interaction source, as sent; `(null)` if none was sent.")
LOCAL_DATE = Column("local_date", "DATE", "Date in the configured time zone.")

ISO_WEEKDAY = Column("iso_weekday", "INTEGER", "Local weekday, 1 (Monday) to 7 (Sunday).")
LOCAL_HOUR = Column("local_hour", "INTEGER", "Local hour, 0-23.")

ATTEMPTS = Column("attempts", "BIGINT", "A: attempts, the rows in scope.")
CONNECTED = Column("connected", "BIGINT", "K: a machine or a person answered.")
CONTACTS = Column("contacts", "BIGINT", "C: a person answered.")
THIRD_PARTY = Column("third_party", "BIGINT", "T: someone other than the borrower answered.")
RPC = Column("rpc", "BIGINT", "R: the borrower answered; a promise, refusal or settlement implies it.")
PROMISES = Column("promises", "BIGINT", "P: promises to pay.")
BROKEN = Column(
    "broken", "BIGINT", "B: promises that ClearGrid had marked broken at the load; more of them may break later."
)
UNMAPPED = Column(
    "unmapped",
    "BIGINT",
    "U: rows whose outcome the map does not know; while U > 0, rates per attempt are lower bounds, and rates per "
    "contact or per RPC may be too low or too high.",
)

FUNNEL = (ATTEMPTS, CONNECTED, CONTACTS, THIRD_PARTY, RPC, PROMISES)
POOL_RESULTS = (
    Column("refusals", "BIGINT", "Right-party contacts that refused to pay."),
    Column("settlements", "BIGINT", "Right-party contacts that settled."),
    Column("callbacks", "BIGINT", "Right-party contacts that asked to be called back."),
    Column("disputes", "BIGINT", "Right-party contacts that disputed the debt."),
)

RULES_VERSION_OF_A_WEEK = replace(
    RULES_VERSION, nullable=True, meaning=f"{RULES_VERSION.meaning} Null for a week under two of them."
)


def dispersion(counted: str) -> tuple[Column, Column]:
    """How much a share varied from week to week. `counted`: what a week needs to count."""
    return (
        Column(
            "phi",
            "DOUBLE",
            "Dispersion: how many times more the share varied over phi_weeks than coin tosses do; at least 1.",
        ),
        Column(
            "phi_weeks",
            "BIGINT",
            f"The complete weeks with {counted} among the 12 before; with fewer than 6, phi is 1.",
        ),
    )


def rate(name: str, numerator: str, denominator: str) -> tuple[Column, Column, Column]:
    """A rate and its Wilson 95% interval, all null where the denominator is 0."""
    formula = f"{numerator} / {denominator}"
    return (
        Column(name, "DOUBLE", f"{formula}; null if {denominator} is 0.", nullable=True),
        Column(f"{name}_lo", "DOUBLE", f"Lower end of the Wilson 95% interval of {formula}.", nullable=True),
        Column(f"{name}_hi", "DOUBLE", f"Upper end of the Wilson 95% interval of {formula}.", nullable=True),
    )


def per_active_hour(count: Column) -> Column:
    """A count divided by the pool's active hours."""
    return Column(f"{count.name}_per_active_hour", "DOUBLE", f"{count.name} / active_hours, for the whole pool.")


KPI_DIMENSIONS = (
    Column("slice", "VARCHAR", "The level of the figure: `all`, `channel` or `channel x source`."),
    Column("communication_type", "VARCHAR", "Channel, as sent; `(all)` in the slice all."),
    Column("interaction_source", "VARCHAR", "Interaction source, as sent; `(all)` unless the slice names it."),
    Column("metric", "VARCHAR", "The metric; see metric_definitions."),
)
KPI_FIGURES = (
    Column("numerator", "BIGINT", "The numerator; null for quantiles.", nullable=True),
    Column("denominator", "BIGINT", "The denominator; for a quantile, the number of its rows."),
    Column("value", "DOUBLE", "numerator / denominator, or seconds; null if the denominator is 0.", nullable=True),
    Column("lo", "DOUBLE", "Lower end of a share's Wilson 95% interval; null for other metrics.", nullable=True),
    Column("hi", "DOUBLE", "Upper end of a share's Wilson 95% interval; null for other metrics.", nullable=True),
)
