"""`Head`: the comment at the top of a mart's file, which says what it holds, what a row is and what it reads.

Add a part of the head here, and to `docs/marts.md`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from cleargrid_assets.marts.errors import MartError

if TYPE_CHECKING:
    from collections.abc import Mapping

GRAIN, INPUTS, COLUMNS = "Grain", "Inputs", "Columns"
PART = re.compile(rf"({GRAIN}|{INPUTS}|{COLUMNS})\s*:\s*(.*)", re.IGNORECASE)
FORM = (
    "begin it with `-- What it holds.`, `-- Grain: month, ...`, `-- Inputs: core.contact_attempts, ...` and, if you "
    "like, `-- Columns:` with a line `-- name: meaning` for each, and no empty line between them"
)


@dataclass(frozen=True)
class Head:
    """`grain`: the columns that make a row unique. `inputs`: the tables that the SELECT reads, with their schemas.

    `columns`: the meaning of columns, as far as the head tells it.
    """

    description: str
    grain: tuple[str, ...]
    inputs: tuple[str, ...]
    columns: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, name: str, text: str) -> Head:
        """The head of the file `name`. Raises `MartError` if a part is missing or twice."""
        parts = _parts(name, text)
        missing = [part for part in ("", GRAIN, INPUTS) if not "".join(parts.get(part, []))]
        if missing:
            raise MartError(
                f"{name}: its head lacks {' and '.join(part or 'a description' for part in missing)}; {FORM}"
            )
        grain, inputs = (_names(" ".join(parts[part])) for part in (GRAIN, INPUTS))
        return cls(" ".join(parts[""]), grain, inputs, _columns(name, parts.get(COLUMNS, [])))


def _parts(name: str, text: str) -> Mapping[str, list[str]]:
    """The lines of each part, without marks; those before the first part are the description, under an empty name."""
    parts, part = {"": list[str]()}, ""
    for line in takewhile(lambda line: line.startswith("--"), text.lstrip("\ufeff\r\n ").splitlines()):
        words = line.removeprefix("--").strip()
        if match := PART.fullmatch(words):
            part, words = match[1].capitalize(), match[2]
            if part in parts:
                raise MartError(f"{name}: its head has {part} twice; leave one")
            parts[part] = []
        if words:
            parts[part].append(words)
    return parts


def _names(text: str) -> tuple[str, ...]:
    return tuple(word for word in (word.strip().rstrip(".") for word in text.split(",")) if word)


def _columns(name: str, lines: list[str]) -> Mapping[str, str]:
    columns: dict[str, str] = {}
    for line in lines:
        column, colon, meaning = line.partition(":")
        if not colon or not meaning.strip():
            raise MartError(f"{name}: the line `{line}` under Columns is none; write `-- name: meaning`, on one line")
        columns[column.strip()] = meaning.strip()
    return columns
