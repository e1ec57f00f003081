"""The lender's targets, from the CSV file of CLEARGRID_TARGETS: a share for a metric, in total or on one channel.

What the file may hold and what is said about a bad one belong here; how a target is shown is up to a section.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from cleargrid_assets.assets.seed_asset import seed_of
from cleargrid_assets.client.errors import SettingsError
from cleargrid_assets.tables.analytics import METRIC_DEFINITIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

Targets = dict[tuple[str, str], float]
"""Targets by metric and channel; the channel is `(all)` where the file names none."""

ALL = "(all)"
COLUMNS = {"metric", "target"}
OTHERS = {"channel", ""}
"""What a file may hold besides; a spreadsheet program writes an empty column's name as an empty one."""


def read_targets(path: Path | None) -> Targets:
    """The targets in the file; none without a file. Raises `SettingsError`, which names the line."""
    if path is None:
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            _verify_columns(path, set(rows.fieldnames or ()))
            return _targets(path, rows)
    except OSError as error:
        raise SettingsError(f"CLEARGRID_TARGETS: cannot read {path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"CLEARGRID_TARGETS: cannot read {path} as CSV in UTF-8: {error}") from error


def _verify_columns(path: Path, names: AbstractSet[str]) -> None:
    """A misspelt `channel` would make the target of one channel that of all."""
    missing, unknown = sorted(COLUMNS - names), sorted(names - COLUMNS - OTHERS)
    if missing:
        raise SettingsError(f"CLEARGRID_TARGETS: {path} has no column {' and no column '.join(missing)}")
    if unknown:
        raise SettingsError(
            f"CLEARGRID_TARGETS: {path} has a column {unknown[0]!r}; its columns are metric, target and channel"
        )


def _targets(path: Path, rows: csv.DictReader[str]) -> Targets:
    metrics = _shares()
    targets: Targets = {}
    for row in rows:
        place = f"CLEARGRID_TARGETS: {path}, line {rows.line_num}"
        if None in row:
            raise SettingsError(f"{place}: it has more fields than the first line; write 0.35 with a dot")
        metric, channel = (row["metric"] or "").strip(), (row.get("channel") or "").strip() or ALL
        if metric not in metrics:
            raise SettingsError(f"{place}: '{metric}' is not one of the metrics {', '.join(metrics)}")
        if (metric, channel) in targets:
            raise SettingsError(f"{place}: {metric} already has a target for {channel}")
        targets[metric, channel] = _share(place, row)
    return targets


def _share(place: str, row: Mapping[str, str | None]) -> float:
    text = (row["target"] or "").strip()
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise SettingsError(f"{place}: the target '{text}' is not a share from 0 to 1, such as 0.35")
    return share


def _shares() -> list[str]:
    """The metrics that are supported shares."""
    with seed_of(METRIC_DEFINITIONS).file.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["metric"] for row in rows if row["supported"] == "yes" and row["unit"] == "share"]
