"""The page of a preview: Markdown and tables of the rows and key figures that a load would change.

Sentences and columns belong here; what they are computed from is in `preview_month`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from cleargrid_assets.assets.reports.page.formatting import DASH, count, value_of
from cleargrid_assets.failures import next_step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cleargrid_assets.assets.analytics.key_figures import KeyFigure
    from cleargrid_assets.landing.read_month import MonthLoad
    from cleargrid_assets.landing.rehearsal import Difference, Rehearsed


@dataclass(frozen=True)
class Preview:
    """A month as read, its rehearsed load, and the month's key figures before and after it, by metric."""

    load: MonthLoad
    rehearsed: Rehearsed
    before: Mapping[str, KeyFigure]
    after: Mapping[str, KeyFigure]


def summary(preview: Preview) -> str:
    """The preview in a few sentences."""
    load, changes = preview.load, preview.rehearsed.landed.changes
    text = (
        f"Preview of {load.month:%Y-%m}: a load would add {changes.added} rows, change {changes.changed}, remove "
        f"{changes.vanished} that vanished, leave {changes.moved} in another month and quarantine "
        f"{len(load.quarantine)}. Nothing was written."
    )
    return f"{text} {_refusal(preview)}".rstrip()


def _refusal(preview: Preview) -> str:
    refusal = preview.rehearsed.refusal
    return f"The load would be refused: {refusal} {next_step(refusal)}" if refusal else ""


def preview_metadata(preview: Preview) -> dict[str, Any]:
    """The page, its two tables, and the counts that the ledger would hold."""
    load, landed = preview.load, preview.rehearsed.landed
    metadata = {
        "preview": dg.MetadataValue.md(_page(preview)),
        "rows": dg.MetadataValue.table([_difference_record(each) for each in preview.rehearsed.differences])
        if preview.rehearsed.differences
        else None,
        "key_figures": dg.MetadataValue.table([_figure_record(*figures) for figures in _figures(preview)])
        if preview.after or preview.before
        else None,
        "rows_received": load.rows_received,
        **{f"rows_{change}": rows for change, rows in asdict(landed.changes).items()},
        "rows_quarantined": len(load.quarantine),
        "duplicates_collapsed": load.duplicates_collapsed,
        "refused_because": _refusal(preview) or None,
    }
    return {name: value for name, value in metadata.items() if value is not None}


def _figures(preview: Preview) -> Iterator[tuple[KeyFigure, KeyFigure | None, KeyFigure | None]]:
    """Each metric with its figure before and after."""
    for metric, figure in {**preview.before, **preview.after}.items():
        yield figure, preview.before.get(metric), preview.after.get(metric)


def _difference_record(difference: Difference) -> dg.TableRecord:
    return dg.TableRecord({**asdict(difference), "examples": ", ".join(difference.examples)})


def _figure_record(metric: KeyFigure, before: KeyFigure | None, after: KeyFigure | None) -> dg.TableRecord:
    record: dict[str, str | int | float | bool | None] = {"metric": metric.metric}
    for name in ("numerator", "denominator", "value"):
        record[f"{name}_before"] = getattr(before, name, None)
        record[f"{name}_after"] = getattr(after, name, None)
    return dg.TableRecord(record)


def _page(preview: Preview) -> str:
    """The whole page as Markdown."""
    lines = [summary(preview)]
    if preview.rehearsed.differences:
        lines += ["", "| change | | rows | for example |", "| --- | --- | ---: | --- |"]
    lines += [
        f"| {each.change} | {each.detail or ''} | {count(each.rows)} | {', '.join(each.examples)} |"
        for each in preview.rehearsed.differences
    ]
    lines += ["", "| key figure | before | after |", "| --- | ---: | ---: |"]
    lines += [_figure_line(*figures) for figures in _figures(preview)]
    return "\n".join(lines)


def _figure_line(metric: KeyFigure, before: KeyFigure | None, after: KeyFigure | None) -> str:
    """A line of the table; a figure that changes is bold."""
    old, new = _figure_text(before), _figure_text(after)
    return f"| {metric.name} | {old} | {new if new == old else f'**{new}**'} |"


def _figure_text(figure: KeyFigure | None) -> str:
    """The value with its counts."""
    if figure is None:
        return DASH
    counts = count(figure.denominator)
    if figure.numerator is not None:
        counts = f"{count(figure.numerator)} / {counts}"
    return f"{value_of(figure.unit, figure.value)} ({counts})"
