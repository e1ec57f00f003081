"""What a section is made of: notes, charts, tables and the like, as plain values.

Add a kind of block here and its markup in `page.html`; which blocks a section has is in its module in `sections`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    is_printed: bool
    table: DataTable


@dataclass(frozen=True)
class Subheading:
    """A heading inside the section."""

    kind: ClassVar = "subheading"
    text: str


@dataclass(frozen=True)
class Chart:
    """A drawing, as `svg_of` makes it."""

    kind: ClassVar = "chart"
    svg: str


@dataclass(frozen=True)
class DataTable:
    """Rows of text, the first column left-aligned. `summary`: the table is folded under this line.

    `channels`: the channel of each row, by which the channel selector shows it; `(all)` is always shown.
    """

    kind: ClassVar = "table"
    heads: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]
    summary: str = ""
    is_printed: bool = True
    channels: Sequence[str] = ()


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


Block = Note | Answer | OfMonth | OfChannel | Subheading | Chart | DataTable | ColorKey | Cards
