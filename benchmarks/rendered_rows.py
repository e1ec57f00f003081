"""The rows of a month rendered as JSON beforehand, in place of the emulator's `GeneratedRows`.

The emulator makes and renders each row anew, which takes longer than to load it. Benchmarks that compare a loader with
what the network alone costs use these rows.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from cleargrid_assets.emulator.generated_rows import milliseconds

if TYPE_CHECKING:
    from datetime import datetime

    from cleargrid_assets.emulator.generated_rows import GeneratedRows


@dataclass(frozen=True)
class RenderedEntry:
    """An entry whose fields are JSON already, and never change."""

    key: tuple[int, str]
    fields: orjson.Fragment

    def seen_at(self, _now_ms: int) -> orjson.Fragment:
        """The fields at any time."""
        return self.fields


class RenderedRows:
    """The rows of `[since, until)` as they are at `now`."""

    def __init__(self, generated: GeneratedRows, since: datetime, until: datetime, now: datetime) -> None:
        now_ms = milliseconds(now)
        entries = generated.entries((milliseconds(since), ""), milliseconds(until), now_ms, None)
        self._keys = [entry.key for entry in entries]
        self._entries = [
            RenderedEntry(entry.key, orjson.Fragment(orjson.dumps(entry.seen_at(now_ms)))) for entry in entries
        ]

    def entries(self, after: tuple[int, str], until_ms: int, _now_ms: int, limit: int | None) -> list[RenderedEntry]:
        """As `GeneratedRows.entries`."""
        first, end = bisect_right(self._keys, after), bisect_left(self._keys, (until_ms, ""))
        return self._entries[first : end if limit is None else min(end, first + limit)]

    def count(self, since_ms: int, until_ms: int, now_ms: int) -> int:
        """As `GeneratedRows.count`."""
        return len(self.entries((since_ms, ""), until_ms, now_ms, None))
