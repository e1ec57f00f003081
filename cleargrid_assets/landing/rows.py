"""Converts received rows to Arrow columns and quarantines invalid ones with their reasons.

Add a rule of validity here; what is kept of an invalid row is in `quarantine`.

A page is converted column by column. If that fails, the page is halved until the invalid rows are isolated, so one bad
row does not cost its page, and validity is defined only once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from cleargrid_assets.landing.quarantine import as_kept, is_id
from cleargrid_assets.tables.raw import D23_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cleargrid_assets.client import Window

TIMESTAMP = pa.timestamp("us")
INSTANT = pa.timestamp("us", tz="UTC")
ARROW_TYPES = {"VARCHAR": pa.string(), "BOOLEAN": pa.bool_(), "TIMESTAMP": TIMESTAMP}
FIELDS = {column.name: column for column in D23_FIELDS}
REQUIRED = frozenset(name for name, column in FIELDS.items() if not column.nullable)
SCHEMA = pa.schema([(name, ARROW_TYPES[column.type]) for name, column in FIELDS.items()])

MAX_TEXT_LENGTH = 1_000
"""Characters. A longer vocabulary value or id is corrupt, and this table has no free text."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2262, 1, 1, tzinfo=UTC)
"""Timestamps outside this range are corrupt; pandas could not hold them either."""

MAX_NAME_LENGTH = 80
MAX_NAMES = 50

BAD_VALUE = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, UnicodeEncodeError, OverflowError)


class BadFieldError(ValueError):
    """A column holds an invalid value; `reason` is one word with the field's name."""

    def __init__(self, word: str, field: str) -> None:
        super().__init__(f"{word}:{field}")
        self.reason = f"{word}:{field}"


@dataclass(frozen=True)
class QuarantinedRow:
    """A received row that cannot be landed. `public_id`: None unless it looks like an id. `row`: see `as_kept`."""

    public_id: str | None
    reasons: tuple[str, ...]
    row: str


@dataclass(frozen=True)
class Batch:
    """The rows of one page: the valid ones as columns, the others quarantined."""

    rows: pa.Table
    quarantined: tuple[QuarantinedRow, ...]
    unknown_fields: frozenset[str]

    @property
    def received(self) -> int:
        """The number of rows on the page."""
        return int(self.rows.num_rows) + len(self.quarantined)


def convert(rows: Sequence[Any], window: Window) -> Batch:
    """Validate the rows of one page of `window`; never raises, whatever they hold."""
    good: list[pa.Table] = []
    bad: list[QuarantinedRow] = []
    _sort_out(list(rows), window, good, bad)
    table = pa.concat_tables(good) if good else SCHEMA.empty_table()
    return Batch(table, tuple(bad), _unknown_fields(rows))


def gather(batches: list[Batch]) -> list[Batch]:
    """Merge a window's batches into one: a thousand small buffers cost 50 % more memory than they hold."""
    table = pa.concat_tables([SCHEMA.empty_table(), *(batch.rows for batch in batches)]).combine_chunks()
    quarantined = tuple(row for batch in batches for row in batch.quarantined)
    return [Batch(table, quarantined, frozenset().union(*(batch.unknown_fields for batch in batches)))]


def _sort_out(rows: list[Any], window: Window, good: list[pa.Table], bad: list[QuarantinedRow]) -> None:
    """Convert `rows` as a whole, or halve them until the invalid ones are isolated."""
    if not rows:
        return
    try:
        good.append(_columns(rows, window))
    except (BadFieldError, KeyError, TypeError):
        if len(rows) == 1:
            bad.append(_quarantined(rows[0], window))
            return
        middle = len(rows) // 2
        _sort_out(rows[:middle], window, good, bad)
        _sort_out(rows[middle:], window, good, bad)


def _columns(rows: list[Any], window: Window) -> pa.Table:
    """All nine columns of `rows`; raises at the first invalid one."""
    if not all(type(row) is dict for row in rows):
        raise TypeError
    return pa.table([_column(name, [row[name] for row in rows], window) for name in FIELDS], schema=SCHEMA)


def _column(name: str, values: list[Any], window: Window) -> pa.Array:
    """One column from JSON values; raises `BadFieldError`."""
    column = FIELDS[name]
    array = CONVERTERS[column.type](name, values)
    if array.null_count and name in REQUIRED:
        raise BadFieldError("null", name)
    if name == "public_id" and pc.any(pc.equal(pc.utf8_trim_whitespace(array), "")).as_py():
        raise BadFieldError("blank", name)
    if name == "communicated_at":
        _refuse_outside(array, window.since, window.until, "outside_window", name)
    return array.cast(TIMESTAMP) if column.type == "TIMESTAMP" else array


def _texts(name: str, values: list[Any]) -> pa.Array:
    try:
        array = pa.array(values, pa.string())
    except UnicodeEncodeError as error:
        raise BadFieldError("not_unicode", name) from error
    except BAD_VALUE as error:
        raise BadFieldError("bad_type", name) from error
    if (pc.max(pc.utf8_length(array)).as_py() or 0) > MAX_TEXT_LENGTH:
        raise BadFieldError("too_long", name)
    if pc.any(pc.match_substring(array, "\0")).as_py():
        raise BadFieldError("nul_character", name)
    return array


def _booleans(name: str, values: list[Any]) -> pa.Array:
    try:
        return pa.array(values, pa.bool_())
    except BAD_VALUE as error:
        raise BadFieldError("bad_type", name) from error


def _instants(name: str, values: list[Any]) -> pa.Array:
    try:
        instants = pc.cast(_texts(name, values), INSTANT)
    except pa.ArrowInvalid as error:
        raise BadFieldError("unparsable", name) from error
    _refuse_outside(instants, EARLIEST, LATEST, "unparsable", name)
    return instants


CONVERTERS: dict[str, Callable[[str, list[Any]], pa.Array]] = {
    "VARCHAR": _texts,
    "BOOLEAN": _booleans,
    "TIMESTAMP": _instants,
}


def _refuse_outside(instants: pa.Array, since: datetime, until: datetime, word: str, name: str) -> None:
    """Raise `BadFieldError` if a timestamp is not in `[since, until)`."""
    bounds = [pa.scalar(moment, INSTANT) for moment in (since, until)]
    outside = pc.or_(pc.less(instants, bounds[0]), pc.greater_equal(instants, bounds[1]))
    if pc.any(outside).as_py():
        raise BadFieldError(word, name)


def _quarantined(row: Any, window: Window) -> QuarantinedRow:
    """The quarantined `row` with every reason."""
    if type(row) is not dict:
        return QuarantinedRow(None, ("not_an_object",), "null")
    reasons = tuple(reason for name in FIELDS if (reason := _reason(name, row, window)))
    identity = row.get("public_id")
    return QuarantinedRow(identity if is_id(identity) else None, reasons, as_kept(row))


def _reason(name: str, row: dict[str, Any], window: Window) -> str | None:
    if name not in row:
        return f"missing:{name}"
    try:
        _column(name, [row[name]], window)
    except BadFieldError as error:
        return error.reason
    return None


def _unknown_fields(rows: Sequence[Any]) -> frozenset[str]:
    """Field names that the contract does not list, shortened; their values are never read."""
    odd = [row for row in rows if type(row) is dict and row.keys() != FIELDS.keys()]
    names = sorted({name for row in odd for name in row.keys() - FIELDS.keys()})
    return frozenset(ascii(name)[1:-1][:MAX_NAME_LENGTH] for name in names[:MAX_NAMES])
