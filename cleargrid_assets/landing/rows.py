"""Converts received rows to Arrow columns and quarantines invalid ones with their reasons.

Add a rule of validity, or a type of fields, here; what is kept of an invalid row is in `quarantined_row`.

A page is converted column by column. If that fails, the page is halved until the invalid rows are isolated, so one bad
row does not cost its page, and validity is defined only once. Rows come as instances of `RowConverter.row_type` if all
rows of their page are exactly that, which is usual and twice as fast, and as JSON values if not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
import pandas as pd  # noqa: F401 - Arrow imports it for its first array, while all workers wait
import pyarrow as pa
import pyarrow.compute as pc

from cleargrid_assets.landing.quarantined_row import is_id, kept_patterns, redact_row
from cleargrid_assets.tables.dataset import PUBLIC_ID

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping, Sequence

    from cleargrid_assets.client import Window
    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.tables.table import Column

TIMESTAMP = pa.timestamp("us")
INSTANT = pa.timestamp("us", tz="UTC")
ARROW_TYPES = {"VARCHAR": pa.string(), "BOOLEAN": pa.bool_(), "DOUBLE": pa.float64(), "TIMESTAMP": TIMESTAMP}

EXACT_INTEGER = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
JSON_TYPES: dict[str, Any] = {"VARCHAR": str, "BOOLEAN": bool, "DOUBLE": EXACT_INTEGER | float, "TIMESTAMP": str}

MAX_TEXT_LENGTH = 1_000
"""Characters. A longer vocabulary value or id is corrupt, and no free text is landed."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2262, 1, 1, tzinfo=UTC)
"""Timestamps outside this range are corrupt; pandas could not hold them either."""

MAX_NAME_LENGTH = 80
MAX_NAMES = 50

BAD_VALUE = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError)


class InvalidFieldError(ValueError):
    """A column holds an invalid value; the text is the reason, one word, with the field's name."""

    def __init__(self, word: str, field: str) -> None:
        super().__init__(f"{word}:{field}")


@dataclass(frozen=True)
class QuarantinedRow:
    """A received row that cannot be landed. `public_id`: None unless it looks like an id. `row`: see `redact_row`."""

    public_id: str | None
    reasons: tuple[str, ...]
    row: str


@dataclass(frozen=True)
class Batch:
    """The rows of one page: the valid ones as columns, the others quarantined."""

    rows: pa.Table
    quarantined: tuple[QuarantinedRow, ...]
    unknown_fields: frozenset[str]


@dataclass(frozen=True)
class RowConverter:
    """Converts the rows of one dataset."""

    dataset: RawDataset

    @cached_property
    def schema(self) -> pa.Schema:
        """The landed fields as Arrow holds them."""
        return pa.schema([(column.name, ARROW_TYPES[column.type]) for column in self.dataset.fields])

    @cached_property
    def row_type(self) -> type[msgspec.Struct]:
        """A row with all documented fields, no other, and no value of another type. Personal fields stay undecoded."""
        landed = [
            (column.name, JSON_TYPES[column.type] | None if column.nullable else JSON_TYPES[column.type])
            for column in self.dataset.fields
        ]
        names = {f"personal_{number}": name for number, name in enumerate(self.dataset.personal_fields)}
        personal = [(attribute, msgspec.Raw, None) for attribute in names]
        return msgspec.defstruct("Row", [*landed, *personal], rename=names, forbid_unknown_fields=True, gc=False)

    def convert(self, rows: Sequence[Any], window: Window) -> Batch:
        """Validate the rows of one page of `window`; never raises, whatever they hold."""
        good: list[pa.Table] = []
        bad: list[QuarantinedRow] = []
        self._bisect_invalid(list(rows), window, good, bad)
        table = pa.concat_tables(good) if good else self.schema.empty_table()
        unknown_fields = frozenset[str]() if self._is_declared(rows) else self._unknown_fields(rows)
        return Batch(table, tuple(bad), unknown_fields)

    def _bisect_invalid(self, rows: list[Any], window: Window, good: list[pa.Table], bad: list[QuarantinedRow]) -> None:
        """Convert `rows` as a whole, or halve them until the invalid ones are isolated."""
        if not rows:
            return
        try:
            good.append(self._columns(rows, window))
        except (InvalidFieldError, KeyError, TypeError):
            if len(rows) == 1:
                bad.append(self._quarantine(rows[0], window))
                return
            middle = len(rows) // 2
            self._bisect_invalid(rows[:middle], window, good, bad)
            self._bisect_invalid(rows[middle:], window, good, bad)

    def _columns(self, rows: list[Any], window: Window) -> pa.Table:
        """All columns of `rows`; raises at the first invalid one."""
        getter = attrgetter if self._is_declared(rows) else itemgetter
        if getter is itemgetter and set(map(type, rows)) != {dict}:
            raise TypeError
        columns = [self._column(column, list(map(getter(column.name), rows)), window) for column in self.dataset.fields]
        return pa.table(columns, schema=self.schema)

    def _is_declared(self, rows: Sequence[Any]) -> bool:
        """True if these are rows of a page whose every row is a `row_type`."""
        return bool(rows) and type(rows[0]) is self.row_type

    def _column(self, column: Column, values: list[Any], window: Window) -> pa.Array:
        """One column from JSON values; raises `InvalidFieldError`."""
        name = column.name
        array = CONVERTERS[column.type](name, values)
        if array.null_count and not column.nullable:
            raise InvalidFieldError("null", name)
        if name == PUBLIC_ID and ("" in values or pc.any(pc.utf8_is_space(array)).as_py()):
            raise InvalidFieldError("blank", name)
        if name == self.dataset.cursor_field:
            _require_between(array, window.since, window.until, "outside_window", name)
        return array

    def _quarantine(self, row: Any, window: Window) -> QuarantinedRow:
        """The quarantined `row` with every reason."""
        if self._is_declared([row]):
            row = {name: getattr(row, name) for name in self.dataset.field_names}
        if type(row) is not dict:
            return QuarantinedRow(None, ("not_an_object",), "null")
        reasons = tuple(reason for column in self.dataset.fields if (reason := self._reason(column, row, window)))
        identity = row.get(PUBLIC_ID)
        return QuarantinedRow(identity if is_id(identity) else None, reasons, redact_row(row, self._kept_patterns))

    def _reason(self, column: Column, row: dict[str, Any], window: Window) -> str | None:
        if column.name not in row:
            return f"missing:{column.name}"
        try:
            self._column(column, [row[column.name]], window)
        except InvalidFieldError as error:
            return str(error)
        return None

    def _unknown_fields(self, rows: Sequence[Any]) -> frozenset[str]:
        """Field names that the contract does not list, shortened; their values are never read."""
        names = sorted(set[str]().union(*(row for row in rows if type(row) is dict)) - self._documented_names)
        return frozenset(ascii(name)[1:-1][:MAX_NAME_LENGTH] for name in names[:MAX_NAMES])

    @cached_property
    def _documented_names(self) -> frozenset[str]:
        return frozenset((*self.dataset.field_names, *self.dataset.personal_fields))

    @cached_property
    def _kept_patterns(self) -> Mapping[str, re.Pattern[str]]:
        return kept_patterns(self.dataset)


def _array(name: str, values: list[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError as error:
        raise InvalidFieldError("not_unicode", name) from error
    except BAD_VALUE as error:
        raise InvalidFieldError("bad_type", name) from error


def _texts(name: str, values: list[Any]) -> pa.StringArray:
    texts = _array(name, values, pa.string())
    _require_fit_texts(name, texts)
    return texts


def _require_fit_texts(name: str, texts: pa.StringArray) -> None:
    """Raise `InvalidFieldError` for a text that cannot be landed; characters are looked at if the bytes give cause."""
    _, offsets, data = texts.buffers()
    longest = np.diff(np.frombuffer(offsets, np.int32, len(texts) + 1)).max()
    if longest > MAX_TEXT_LENGTH and pc.max(pc.utf8_length(texts)).as_py() > MAX_TEXT_LENGTH:
        raise InvalidFieldError("too_long", name)
    if data is not None and b"\0" in data.to_pybytes():
        raise InvalidFieldError("nul_character", name)


def _booleans(name: str, values: list[Any]) -> pa.Array:
    return _array(name, values, pa.bool_())


def _numbers(name: str, values: list[Any]) -> pa.Array:
    if any(type(value) is bool for value in values):  # to Arrow, true is 1
        raise InvalidFieldError("bad_type", name)
    array = _array(name, values, pa.float64())
    if pc.any(pc.invert(pc.is_finite(array))).as_py():
        raise InvalidFieldError("not_finite", name)
    return array


def _timestamps(name: str, values: list[Any]) -> pa.Array:
    texts = _array(name, values, pa.string())
    try:
        timestamps = pc.cast(texts, INSTANT).view(TIMESTAMP)
    except pa.ArrowInvalid as error:
        _require_fit_texts(name, texts)
        raise InvalidFieldError("unparsable", name) from error
    _require_between(timestamps, EARLIEST, LATEST, "unparsable", name)
    return timestamps


CONVERTERS: dict[str, Callable[[str, list[Any]], pa.Array]] = {
    "VARCHAR": _texts,
    "BOOLEAN": _booleans,
    "DOUBLE": _numbers,
    "TIMESTAMP": _timestamps,
}


def _require_between(timestamps: pa.Array, since: datetime, until: datetime, word: str, name: str) -> None:
    """Raise `InvalidFieldError` if a timestamp is not in `[since, until)`."""
    extremes = pc.min_max(timestamps.view(pa.int64()))  # as numbers, because Python's datetime ends in the year 9999
    earliest, latest = extremes["min"].as_py(), extremes["max"].as_py()
    if earliest is not None and not _microseconds(since) <= earliest <= latest < _microseconds(until):
        raise InvalidFieldError(word, name)


def _microseconds(moment: datetime) -> int:
    """The microseconds since 1970."""
    return (moment - EARLIEST) // timedelta(microseconds=1)
