"""Fetches windows of a dataset and keeps what comes: rows without their copies, and what cannot be landed.

What happens to the rows between the client and the warehouse belongs here; converting a page is in `rows`, reading a
whole month in `read_month`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from cleargrid_assets.landing.duplicates import collapse_duplicates
from cleargrid_assets.landing.spill import Spill, SpilledRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cleargrid_assets.client import ClearGridClient, FetchResult, Window
    from cleargrid_assets.landing.rows import Batch, RowConverter

QUARANTINE = pa.schema([("public_id", pa.string()), ("reasons", pa.list_(pa.string())), ("row", pa.string())])


@dataclass(frozen=True)
class Quarantine:
    """The received rows that cannot be landed. `reasons`: how many of them name each."""

    rows: SpilledRows
    reasons: Counter[str]

    def __len__(self) -> int:
        return self.rows.num_rows

    @property
    def frequent_reasons(self) -> Mapping[str, int]:
        """How many rows name each reason, the most frequent first."""
        return dict(self.reasons.most_common())


@dataclass(frozen=True)
class KeptWindow:
    """What came in a completed window."""

    rows: SpilledRows
    quarantine: Quarantine
    unknown_fields: frozenset[str]


@dataclass(frozen=True)
class Received:
    """What came in all windows, in order of time: the rows are unique by `public_id`."""

    rows: SpilledRows
    quarantine: Quarantine
    unknown_fields: frozenset[str]
    duplicates_collapsed: int
    fetch_result: FetchResult[Batch]


def receive(client: ClearGridClient, converter: RowConverter, windows: Iterable[Window], **options: Any) -> Received:
    """Read `windows`; `options` and errors are those of `ClearGridClient.fetch`."""
    fetch_result = client.fetch(
        converter.dataset.export,
        windows,
        converter.convert,
        merge=partial(_keep_window, Spill(), converter.schema),
        row_type=converter.row_type,
        **options,
    )
    pa.default_memory_pool().release_unused()  # what the threads took; the write needs memory of its own
    kept = cast("list[KeptWindow]", [part for completed in fetch_result.windows for part in completed.batches])
    every_row = _concatenate(converter.schema, (window.rows for window in kept))
    rows = collapse_duplicates(every_row)
    return Received(
        rows=rows,
        quarantine=Quarantine(
            _concatenate(QUARANTINE, (window.quarantine.rows for window in kept)),
            sum((window.quarantine.reasons for window in kept), Counter()),
        ),
        unknown_fields=frozenset().union(*(window.unknown_fields for window in kept)),
        duplicates_collapsed=every_row.num_rows - rows.num_rows,
        fetch_result=fetch_result,
    )


def _keep_window(spill: Spill, schema: pa.Schema, batches: list[Batch]) -> list[Any]:
    """The batches of a completed window as one `KeptWindow`."""
    rows = spill.keep(pa.concat_tables([schema.empty_table(), *(batch.rows for batch in batches)]))
    quarantined = [row for batch in batches for row in batch.quarantined]
    quarantine = Quarantine(
        spill.keep(pa.Table.from_pylist(list(map(vars, quarantined)), schema=QUARANTINE)),
        Counter(reason for row in quarantined for reason in row.reasons),
    )
    return [KeptWindow(rows, quarantine, frozenset().union(*(batch.unknown_fields for batch in batches)))]


def _concatenate(schema: pa.Schema, parts: Iterable[SpilledRows]) -> SpilledRows:
    return SpilledRows(schema, list(chain.from_iterable(part.batches for part in parts)))
