"""Shortens a row that cannot be landed: keeps enough to find and describe the fault, and nothing personal.

Ids, timestamps and short vocabulary words are kept as sent. Anything else may be free text about a person, so only its
type, length and first characters are kept. `rows` decides which rows are quarantined, and why.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from cleargrid_assets.tables.dataset import PUBLIC_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cleargrid_assets.tables.dataset import RawDataset

FEW = 4
"""Characters: enough for the country code of a telephone number, not for the number."""

ID = re.compile(r"[0-9A-Fa-f]{24,64}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
"""ClearGrid's ids, 24 hexadecimal digits; also longer ones and UUIDs, but no card or telephone number."""

INSTANT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?( ?(Z|[+-]\d\d:?\d\d))?)?", re.ASCII)
WORD = re.compile(r"(?=.{1,20}$)[A-Z]+(_[A-Z]+)*")
"""The form of ClearGrid's vocabulary words."""

NOTHING = re.compile(r"(?!)")
SHAPES = {"VARCHAR": WORD, "TIMESTAMP": INSTANT}
"""What may be kept as sent, by type."""


def kept_patterns(dataset: RawDataset) -> Mapping[str, re.Pattern[str]]:
    """What may be kept as sent of each landed field. Nothing is kept of other fields."""
    return {column.name: SHAPES.get(column.type, NOTHING) for column in dataset.fields} | {PUBLIC_ID: ID}


def is_id(value: object) -> bool:
    """True if `value` looks like an id."""
    return isinstance(value, str) and ID.fullmatch(value) is not None


def redact_row(row: Mapping[str, Any], shapes: Mapping[str, re.Pattern[str]]) -> str:
    """The landed fields of `row` as JSON, shortened; `shapes`: see `kept_patterns`."""
    return json.dumps({name: _redact_value(row[name], shape) for name, shape in shapes.items() if name in row})


def _redact_value(value: Any, shape: re.Pattern[str]) -> Any:
    """`value` if it is short or has its field's `shape`, else a description of it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (dict, list)):
        return {"type": "object" if isinstance(value, dict) else "array", "size": len(value)}
    text, is_text = str(value), isinstance(value, str)
    is_json = not isinstance(value, float) or math.isfinite(value)
    if is_json and (len(text) <= FEW or (is_text and shape.fullmatch(text))):
        return value
    return {"type": "text" if is_text else "number", "length": len(text), "starts": text[:FEW]}
