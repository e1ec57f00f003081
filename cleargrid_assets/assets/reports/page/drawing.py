"""Draws the page's charts as SVG: marks, round ticks and axes, on a canvas in pixels.

Add a kind of mark or axis here; what a chart shows is in its section. Colours are variables of the page's style sheet,
so one drawing serves light, dark and paper, and text is text in its font. Each mark's title gives its numerator and
denominator.
"""

from __future__ import annotations

from html import escape
from math import ceil, floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Position = Callable[[float], float]

WIDTH = 918
"""The widest drawing, as wide as a section; a phone scrolls it."""

TICK = 5
"""Between an axis and its labels."""

ROUNDING = 1e-6
"""A percentage that is so near to a whole one is whole: ticks are multiples of a step in floating point."""


class Drawing:
    """An SVG drawing of a size in pixels, from its upper left corner. `alternative` is its text for screen readers."""

    def __init__(self, width: float, height: float, alternative: str) -> None:
        self.width, self.height = width, height
        self._alternative = alternative
        self._marks: list[str] = []

    def text(self, x: float, y: float, words: str, kind: str = "") -> None:
        """Words that start at x; `kind`: `end` or `mid` where they end or are centred there, `name` for a heading."""
        self._marks.append(f'<text x="{x:.4g}" y="{y:.4g}"{_class(kind)}>{escape(words)}</text>')

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: float = 2) -> None:
        """A line through the points."""
        self._marks.append(
            f'<polyline points="{_points(points)}" fill="none" stroke="var({colour})" stroke-width="{width}"/>'
        )

    def area(self, points: Sequence[tuple[float, float]], colour: str) -> None:
        """A pale area inside the points."""
        self._marks.append(f'<polygon points="{_points(points)}" fill="var({colour})" opacity=".22"/>')

    def dot(self, x: float, y: float, colour: str, title: str, *, is_hollow: bool = False) -> None:
        """A point that says `title` on hover."""
        ink = f'fill="var({"--paper" if is_hollow else colour})" stroke="var({colour})"'
        self._marks.append(f'<circle cx="{x:.4g}" cy="{y:.4g}" r="4" {ink}>{_title(title)}</circle>')

    def bar(self, corner: tuple[float, float], size: tuple[float, float], colour: str, title: str) -> None:
        """A rectangle from its upper left corner that says `title` on hover."""
        x, y, width, height = (f"{number:.4g}" for number in (*corner, *size))
        self._marks.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="var({colour})">{_title(title)}</rect>'
        )

    def percent_axis(self, at: Sequence[float], position: Position, left: float) -> None:
        """A horizontal grid line for each share, labelled to the left of `left`."""
        decimals = 0 if all(abs(share * 100 - round(share * 100)) < ROUNDING for share in at) else 1
        for share in at:
            y = position(share)
            self._marks.append(f'<path class="grid" d="M{left:.4g},{y:.4g}H{self.width:.4g}"/>')
            self.text(left - TICK, y + 4, f"{share:.{decimals}%}", "end")

    def x_axis(self, at: Mapping[str, float], name: str) -> None:
        """Labels at their positions along the lower edge, and under them what is measured."""
        for label, x in at.items():
            self.text(x, self.height - 22, label, "mid")
        self.text(self.width / 2, self.height - 5, name, "mid")

    def __str__(self) -> str:
        box = f"0 0 {self.width:.4g} {self.height:.4g}"
        return f'<svg viewBox="{box}" role="img" aria-label="{escape(self._alternative)}">{"".join(self._marks)}</svg>'


def scale(domain: tuple[float, float], pixels: tuple[float, float]) -> Position:
    """The position in pixels of a value inside the domain, which has a width."""
    (low, high), (start, end) = domain, pixels
    return lambda value: start + (value - low) / (high - low) * (end - start)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values around the span, in steps of 1, 2 or 5 times a power of ten that go into it at most `most` times."""
    rough = (high - low or abs(high) or 1) / most
    power = 10 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.4g},{y:.4g}" for x, y in points)


def _title(words: str) -> str:
    return f"<title>{escape(words)}</title>" if words else ""
