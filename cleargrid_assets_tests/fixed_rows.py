"""Rows that a test writes down itself, served by the emulator in place of its generated rows.

It holds a ten-line source of rows, and JSON that no strict encoder writes; good rows are made in `landing.rows_of_may`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cleargrid_assets.emulator.faults import Fault
from cleargrid_assets.emulator.generated_rows import milliseconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cleargrid_assets_tests.platform_under_test import Platform

MID_MAY = datetime(2026, 5, 15, 9, tzinfo=UTC)
"""The position of rows whose own `communicated_at` cannot be used."""

LITERALS = {b'"@NAN@"': b"NaN", b'"@HUGE@"': b"1e400", b'"@HALF@"': rb'"\ud800"'}


@dataclass(frozen=True)
class LoggedRow:
    """A row sent exactly as `fields` say, standing at `communicated_ms` in the export's order."""

    communicated_ms: int
    number: int
    fields: Mapping[str, Any]
    created_ms: int = 0

    @property
    def key(self) -> tuple[int, str]:
        """The order of the export."""
        return self.communicated_ms, f"{self.number:08d}"

    def seen_at(self, _now_ms: int) -> dict[str, Any]:
        """The row."""
        return dict(self.fields)


class LoggedRows:
    """A source of exactly these rows."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._rows = sorted(
            (LoggedRow(_cursor_position(row), number, row) for number, row in enumerate(rows)), key=lambda row: row.key
        )

    def entries(self, after: tuple[int, str], until_ms: int, _now_ms: int, limit: int | None) -> list[LoggedRow]:
        """Up to `limit` rows after `after` and before `until_ms`."""
        return [row for row in self._rows if row.key > after and row.communicated_ms < until_ms][:limit]

    def count(self, since_ms: int, until_ms: int, now_ms: int) -> int:
        """The number of rows in the range."""
        return len(self.entries((since_ms, ""), until_ms, now_ms, None))


def serve(platform: Platform, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let the platform's emulator hold `rows` from now on."""
    platform.emulator.api.manual_logs = LoggedRows(rows)  # type: ignore[assignment]  # a source by behaviour


def _cursor_position(row: Mapping[str, Any]) -> int:
    """The row's position in the export: its own instant if that is in the year of the tests."""
    text = str(row.get("communicated_at"))
    return milliseconds(datetime.fromisoformat(text) if text.startswith(f"{MID_MAY.year}-") else MID_MAY)


def _replace_marks(body: bytes, _ask: object) -> bytes:
    """`body` with our marks replaced; its length stays the same, because Content-Length is already set."""
    for mark, literal in LITERALS.items():
        body = body.replace(mark, literal.ljust(len(mark)))
    return body


WILD_JSON = Fault(
    "sends NaN, 1e400 and lone surrogates where a row says @NAN@, @HUGE@ or @HALF@", garble=_replace_marks
)
