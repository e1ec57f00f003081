"""The report's sections, in one module each: its `SECTION` says everything but the query, which is next to it as SQL.

Add a section as a module and an SQL file of the same name; the page shows every one that it finds here.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleargrid_assets.assets.reports.page.section import Section


def report_sections() -> list[Section]:
    """Every module's `SECTION`. Imports them here, because loading definitions needs none."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    return [module.SECTION for module in modules]
