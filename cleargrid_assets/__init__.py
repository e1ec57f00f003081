"""ClearGrid's D23 call-outcome logs as Dagster assets.

The package root holds Dagster's entry point (`definitions`), the settings, and the modules that Dagster projects
name alike everywhere (`partitions`, `jobs`, `schedules`, `sensors`). Everything else lives in a package named
after what it does. Nothing is imported until it is asked for: `cleargrid_assets.client` works without Dagster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cleargrid_assets.component import D23Component

__all__ = ["D23Component"]


def __getattr__(name: str) -> Any:
    """Import the component when a Dagster project asks for it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cleargrid_assets.component import D23Component  # noqa: PLC0415 - see the docstring

    return D23Component


def __dir__() -> list[str]:
    """The public names, with those that are not imported yet."""
    return sorted({*globals(), *__all__})
