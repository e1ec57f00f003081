"""Says of a run whose read was superseded that a later read has landed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg

    from cleargrid_assets.landing.ledger import Superseded

SUPERSEDED_BY_TAG = "cleargrid/superseded_by"


def report_superseded(context: dg.AssetExecutionContext, newer: Superseded) -> None:
    """Log and tag which run landed the month from a later read."""
    context.log.warning(
        "Superseded: run %s began to read %s later than this run (at %s UTC) and has already landed it, as load %s. "
        "This run wrote nothing and computes nothing. There is nothing to do.",
        newer.run_id,
        context.partition_key[:7],
        f"{newer.started_at:%Y-%m-%d %H:%M:%S}",
        newer.load_number,
    )
    context.instance.add_run_tags(context.run.run_id, {SUPERSEDED_BY_TAG: newer.run_id})
