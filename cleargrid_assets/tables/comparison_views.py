"""The views that compare: a month with the one before, a pool with others. Add another one here."""

from cleargrid_assets.tables.analytics import COHORT_CONTACT, KPI_MONTHLY, METRIC_DEFINITIONS
from cleargrid_assets.tables.analytics_columns import CHANNEL, SOURCE
from cleargrid_assets.tables.core import RULES_VERSION
from cleargrid_assets.tables.table import MONTH, Column, View

_NO_GROUP = "null where the group has none"

RATE_CHANGE_DECOMPOSITION = View(
    "analytics",
    "rate_change_decomposition",
    "The change of each compared share since the month before, split over groups into their rates "
    "and their weights (Kitagawa 1955, symmetric). rate_effect and mix_effect of all groups add up to total_change. "
    "Effects are shares: 0.01 is one percentage point. Months under different rules are not compared.",
    ("month", "grouped_by", "metric", "group_name"),
    (
        MONTH,
        Column("grouped_by", "VARCHAR", "`channel x source` or `weekday x 3 h`."),
        Column("metric", "VARCHAR", "The metric; see metric_definitions."),
        Column("group_name", "VARCHAR", "The group, such as `CALL x AGENT`, or `1 09-12` for Monday from 9 to 12."),
        Column("communication_type", "VARCHAR", f"The group's channel; {_NO_GROUP}.", nullable=True),
        Column("interaction_source", "VARCHAR", f"The group's source; {_NO_GROUP}.", nullable=True),
        Column("iso_weekday", "INTEGER", f"The group's local weekday, 1 (Monday) to 7; {_NO_GROUP}.", nullable=True),
        Column("from_hour", "INTEGER", f"The first of the group's three local hours; {_NO_GROUP}.", nullable=True),
        Column("numerator", "BIGINT", "The group's numerator in the month."),
        Column("denominator", "BIGINT", "The group's denominator in the month."),
        Column("prev_numerator", "BIGINT", "The group's numerator in the month before."),
        Column("prev_denominator", "BIGINT", "The group's denominator in the month before."),
        Column("share", "DOUBLE", "The group's share of the month's denominator."),
        Column("prev_share", "DOUBLE", "The group's share of the denominator of the month before."),
        Column("value", "DOUBLE", "The group's rate; null if its denominator is 0.", nullable=True),
        Column("prev_value", "DOUBLE", "The same of the month before.", nullable=True),
        Column("rate_effect", "DOUBLE", "What the group's own rate added to the change: its change x its mean share."),
        Column(
            "rate_effect_lo",
            "DOUBLE",
            "Lower end of its 95% interval: Newcombe's of the rate's change, times the mean share. Null for a group "
            "that one month lacks.",
            nullable=True,
        ),
        Column("rate_effect_hi", "DOUBLE", "Upper end of the same interval.", nullable=True),
        Column(
            "mix_effect",
            "DOUBLE",
            "What the change of the group's share added: it, times how far the group's mean rate is from that of all.",
        ),
        Column("total_change", "DOUBLE", "The change of the rate over all groups: the sum of all their effects."),
        RULES_VERSION,
    ),
    sources=(KPI_MONTHLY, COHORT_CONTACT, METRIC_DEFINITIONS),
)

POOL_BENCHMARK = View(
    "analytics",
    "pool_benchmark",
    "A pool, an interaction source on a channel and never a person, against its own three months before, the median of "
    "the channel's pools, and what the channel's rates of each local hour give for its own mix of hours.",
    ("month", "interaction_source", "communication_type", "metric"),
    (
        MONTH,
        SOURCE,
        CHANNEL,
        Column("metric", "VARCHAR", "`contact_rate`, `rpc_per_contact` or `ptp_per_rpc`; see metric_definitions."),
        Column("numerator", "BIGINT", "k: the pool's numerator."),
        Column("denominator", "BIGINT", "n: the pool's denominator."),
        Column("value", "DOUBLE", "k / n; null if n is 0.", nullable=True),
        Column("lo", "DOUBLE", "Lower end of its Wilson 95% interval.", nullable=True),
        Column("hi", "DOUBLE", "Upper end of its Wilson 95% interval.", nullable=True),
        Column("own_numerator", "BIGINT", "The pool's numerator in the three months before, under the same rules."),
        Column("own_denominator", "BIGINT", "Its denominator there."),
        Column("own_value", "DOUBLE", "Their pooled rate; null if the denominator is 0.", nullable=True),
        Column("change_pp", "DOUBLE", "value - own_value, in percentage points.", nullable=True),
        Column("change_lo", "DOUBLE", "Lower end of its 95% interval (Newcombe 1998, method 10).", nullable=True),
        Column("change_hi", "DOUBLE", "Upper end of the same interval.", nullable=True),
        Column("pools", "BIGINT", "Pools of the channel with a denominator; with fewer than 2, none is compared."),
        Column("median_pools", "BIGINT", "Those of them with a denominator of at least 30."),
        Column("median_value", "DOUBLE", "The median of their rates; null with fewer than 2 of them.", nullable=True),
        Column(
            "expected",
            "DOUBLE",
            "E: the numerator that the rates of all pools of the channel give, hour by local hour, for the pool's own "
            "denominators (indirect standardisation). Null if it is 0 or there is no comparison.",
            nullable=True,
        ),
        Column("observed_per_expected", "DOUBLE", "k / E: above 1 is better than the channel.", nullable=True),
        Column("observed_per_expected_lo", "DOUBLE", "n x lo / E: its lower control limit.", nullable=True),
        Column("observed_per_expected_hi", "DOUBLE", "n x hi / E: its upper control limit.", nullable=True),
        RULES_VERSION,
    ),
    sources=(COHORT_CONTACT, METRIC_DEFINITIONS),
)
