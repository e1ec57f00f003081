"""Fetches windows of a dataset and keeps what comes: rows without their copies, and what cannot be landed.

What happens to the rows between the client and the warehouse belongs here; converting a page is in `rows`, reading a
whole month in `read_month`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from cleargrid_assets.landing.duplicates import collapse_duplicates
from cleargrid_assets.landing.spill import Spill, SpilledRows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cleargrid_assets.client import ClearGridClient, FetchResult, Window
    from cleargrid_assets.landing.rows import Batch, QuarantinedRow, RowConverter


@dataclass(frozen=True)
class Received:
    """What came in all windows, in order of time: the rows are unique by `public_id`."""

    rows: SpilledRows
    quarantined: tuple[QuarantinedRow, ...]
    unknown_fields: frozenset[str]
    duplicates_collapsed: int
    fetch_result: FetchResult[Batch]


def receive(client: ClearGridClient, converter: RowConverter, windows: Iterable[Window], **options: Any) -> Received:
    """Read `windows`; `options` and errors are those of `ClearGridClient.fetch`."""
    fetch_result = client.fetch(
        converter.dataset.export,
        windows,
        converter.convert,
        merge=partial(converter.spill_window, Spill()),
        row_type=converter.row_type,
        **options,
    )
    batches = [batch for completed in fetch_result.windows for batch in completed.batches]
    every_row = SpilledRows(converter.schema, list(chain.from_iterable(batch.rows.batches for batch in batches)))
    rows = collapse_duplicates(every_row)
    return Received(
        rows=rows,
        quarantined=tuple(chain.from_iterable(batch.quarantined for batch in batches)),
        unknown_fields=frozenset().union(*(batch.unknown_fields for batch in batches)),
        duplicates_collapsed=every_row.num_rows - rows.num_rows,
        fetch_result=fetch_result,
    )
