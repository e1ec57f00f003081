"""Writes report pages in real runs, and parses a page's text, sections and charts."""

from __future__ import annotations

from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.data import read_sections
from cleargrid_assets.assets.reports.page.sections import report_sections
from cleargrid_assets.jobs import REFRESH_SUMMARY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleargrid_assets.assets.reports.page.section import ReportData
    from cleargrid_assets_tests.platform_under_test import Platform

SECTIONS = [
    "summary",
    "last-seven-days",
    "headline",
    "headline-trends",
    "what-moved",
    "funnel",
    "outcome-mix",
    "contact-hours",
    "promise-ages",
    "promise-vintages",
    "pool-comparison",
    "logging-lag",
    "calling-hours",
    "rereads",
    "unmapped-outcomes",
    "not-supported",
]


class Document(HTMLParser):
    """The text, the section ids, the external addresses, the links and the charts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.sections: list[str] = []
        self.drawings: list[dict[str, str | None]] = []
        self.outside: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "section" and attributes.get("id"):
            self.sections.append(str(attributes["id"]))
        if tag == "svg":
            self.drawings.append(attributes)
        if tag in {"link", "iframe", "img"}:
            self.outside.append(tag)
        if tag == "a" and str(attributes.get("href")).startswith("#"):
            self.links.append(str(attributes["href"])[1:])
        else:
            self.outside += [str(value) for name, value in attrs if name in {"src", "href"} and value]

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def report(platform: Platform) -> Path:
    job = platform.definitions.resolve_job_def(REFRESH_SUMMARY)
    run = job.execute_in_process(instance=platform.instance)
    (page,) = [
        event.step_materialization_data.materialization.metadata["page"].value
        for event in run.get_asset_materialization_events()
        if event.asset_key and event.asset_key.path[-1] == "collections_report"
    ]
    return Path(str(page))


def refreshed(platform: Platform) -> Platform:
    for month in ("2026-04-01", "2026-05-01"):
        assert platform.refresh(month).success
    return platform


def page_data(platform: Platform) -> ReportData:
    """The rows of all sections."""
    with platform.warehouse.reading() as connection:
        return read_sections(connection, platform.settings, report_sections())


@contextmanager
def data_after(platform: Platform, *changes: str) -> Iterator[ReportData]:
    """The rows of all sections after some statements, which are undone at the end."""
    with platform.warehouse.writing() as connection:
        for change in changes:
            connection.execute(change)
        yield read_sections(connection, platform.settings, report_sections())
        connection.execute("ROLLBACK")
        connection.execute("BEGIN TRANSACTION")
