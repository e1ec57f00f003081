"""The datasets of the export, by section and code.

A dataset that the client can read is declared here; the fields of its rows are declared in `tables`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dataset:
    """One dataset: its section, its code, and the field that windows and cursors range over."""

    section: str
    code: str
    cursor_field: str

    @property
    def path(self) -> str:
        """Its path under the lender's URL."""
        return f"/exports/{self.section}/{self.code}"


D23 = Dataset("S4", "D23", "communicated_at")
D21 = Dataset("S4", "D21", "communicated_at")
"""ClearGrid's pages that we could read do not name the section of D21; S4, that of D23, is assumed."""
