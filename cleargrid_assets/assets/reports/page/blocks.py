"""What a section is made of: notes, charts, tables and the like, as plain values.

Add a kind of block here and its markup in `page.html`; which blocks a section has is in its module in `sections`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NUMBERS = "The numbers"
"""The summary of a table with the numbers behind a chart."""


@dataclass(frozen=True)
class Note:
    """A small grey paragraph."""

    kind: ClassVar = "note"
    text: str


@dataclass(frozen=True)
class Answer:
    """What a reader should know first, in whole sentences, and a small line under them."""

    kind: ClassVar = "answer"
    sentences: Sequence[str]
    line: str


@dataclass(frozen=True)
class Cell:
    """A cell of a table with smaller lines under its text. `title` shows on hover.

    `tone`: `up` or `down` colours it, `few` sets it in grey.
    """

    text: str
    lines: Sequence[str] = ()
    tone: str = ""
    title: str = ""


@dataclass(frozen=True)
class OfMonth:
    """A folded table of one month, which the month selector unfolds. `month`: such as `2026-05`."""

    kind: ClassVar = "of_month"
    month: str
    table: DataTable


@dataclass(frozen=True)
class Subheading:
    """A heading inside the section."""

    kind: ClassVar = "subheading"
    text: str


@dataclass(frozen=True)
class Charts:
    """Drawings side by side, of one channel at a time: of the one that is selected, or of `(all)`, which is the first.

    Only `(all)` is printed, and seen without a script. `is_wide`: each drawing takes the section's width.
    """

    kind: ClassVar = "charts"
    of_channel: Mapping[str, Sequence[str]]
    is_wide: bool = False


@dataclass(frozen=True)
class Panels:
    """A drawing of each channel, side by side; the selected one's and that of `(all)` stay."""

    kind: ClassVar = "panels"
    of_channel: Mapping[str, str]


@dataclass(frozen=True)
class DataTable:
    """Rows of text, the first column left-aligned. `summary`: the table is folded under this line.

    `channels`: the channel of each row, by which the channel selector shows it; `(all)` is always shown. `texts`: the
    columns that hold text, which is left-aligned. `is_whole`: it counts all channels together, and says so when one is
    selected.
    """

    kind: ClassVar = "table"
    heads: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]
    summary: str = ""
    is_printed: bool = True
    channels: Sequence[str] = ()
    texts: Sequence[int] = (0,)
    is_whole: bool = False

    @property
    def cells(self) -> list[list[Cell]]:
        """The rows, with plain text as cells too."""
        return [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in self.rows]


@dataclass(frozen=True)
class OfChannel:
    """A folded table of one channel, which the channel selector unfolds; `(all)` is always shown."""

    kind: ClassVar = "of_channel"
    channel: str
    table: DataTable


@dataclass(frozen=True)
class ColorKey:
    """The meaning of a chart's colours: (CSS variable, label) pairs."""

    kind: ClassVar = "color_key"
    entries: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Cards:
    """Headline figures side by side; `page.html` names a card's fields."""

    kind: ClassVar = "cards"
    cards: Sequence[dict[str, Any]]


Block = Note | Answer | OfMonth | OfChannel | Subheading | Charts | Panels | DataTable | ColorKey | Cards
