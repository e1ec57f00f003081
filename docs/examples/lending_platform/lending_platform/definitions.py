"""The project's entry point: everything in `defs/`."""

from pathlib import Path

import dagster as dg


@dg.definitions
def definitions() -> dg.Definitions:
    """The project's own assets and its components."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
