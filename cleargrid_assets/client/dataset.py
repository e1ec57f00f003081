"""Datasets of the export. Here: their codes. Not here: their fields."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dataset:
    """One dataset: its section, its code, and the field that its cursor and window run over."""

    section: str
    code: str
    cursor_field: str

    @property
    def path(self) -> str:
        """Its path under the lender's address."""
        return f"/exports/{self.section}/{self.code}"


D23 = Dataset("S4", "D23", "communicated_at")
