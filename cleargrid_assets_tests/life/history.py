"""Verifies the history of the raw rows: every earlier version must be restored, by hand and by `raw.d23_as_of`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets_tests.life.vendor import parse_instant
from cleargrid_assets_tests.platform_under_test import CHANGES, FIELDS, LOADS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cleargrid_assets_tests.life.model import Rows
    from cleargrid_assets_tests.life.vendor import Fields
    from cleargrid_assets_tests.platform_under_test import Platform

Texts = dict[str, dict[str, str | None]]
"""Of each row, by its id: its month and its fields as text."""


def verify_history(platform: Platform, versions: Mapping[int, Rows], *, since: int) -> None:
    """Fail unless undoing the changes of the loads after number `since` restores each earlier version."""
    texts = _texts(versions[len(versions) - 1])
    for number in range(len(versions) - 1, since, -1):
        texts = _undo_load(platform, texts, number)
        assert texts == _texts(versions[number - 1]), number
        if committed_at := _committed_at(platform, number - 1):
            assert _as_of(platform, committed_at) == texts, number


def _committed_at(platform: Platform, number: int) -> datetime | None:
    """When the load was committed; None if the clock was set back, so that a later load has an earlier time."""
    ((committed_at, latest),) = platform.query(
        f"SELECT any_value(load.loaded_at), max(later.load_number) FROM {LOADS} AS load "
        f"INNER JOIN {LOADS} AS later ON later.loaded_at <= load.loaded_at WHERE load.load_number = ?",
        [number],
    )
    return committed_at if latest == number else None


def _as_of(platform: Platform, instant: datetime) -> Texts:
    """The rows as they were known at an instant."""
    names = ("month", *FIELDS[1:])
    columns = ", ".join(f"{name}::VARCHAR" for name in names)
    rows = platform.query(f"SELECT public_id, {columns} FROM raw.d23_as_of(?)", [instant])
    texts = {public_id: dict(zip(names, values, strict=True)) for public_id, *values in rows}
    assert len(texts) == len(rows)
    return texts


def _undo_load(platform: Platform, texts: Texts, number: int) -> Texts:
    """The rows before the load with this number. A month's first load leaves no record of the rows it added."""
    texts = {public_id: dict(fields) for public_id, fields in texts.items()}
    changes = platform.query(
        f"SELECT public_id, change, field, old FROM {CHANGES} WHERE load_number = ? ORDER BY ALL", [number]
    )
    ((month, is_first),) = platform.query(
        f"SELECT month::VARCHAR, load_number = (SELECT min(load_number) FROM {LOADS} AS first "
        f"WHERE first.month = load.month) FROM {LOADS} AS load WHERE load_number = ?",
        [number],
    )
    known = {public_id for public_id, *_ in changes}
    if is_first:
        texts = {key: fields for key, fields in texts.items() if fields["month"] != month or key in known}
    for public_id, change, field, old in changes:
        if change == "added":
            del texts[public_id]
        else:
            texts.setdefault(public_id, {"month": month})[field] = old
    return texts


def _texts(rows: Rows) -> Texts:
    return {key: {"month": held.month, **_fields(held.fields)} for key, held in rows.items()}


def _fields(fields: Fields) -> dict[str, str | None]:
    return {name: _text(name, fields[name]) for name in FIELDS[1:]}


def _text(name: str, value: object) -> str | None:
    """A value as DuckDB casts it to text."""
    if name.endswith("_at"):
        return f"{parse_instant(str(value)):%Y-%m-%d %H:%M:%S}"
    return str(value).lower() if isinstance(value, bool) else value  # type: ignore[return-value]  # text or null
