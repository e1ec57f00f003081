"""`OutcomeMap`: maps a spelling to an outcome and its classes by exact match of a normalised key.

Reading map files, laying one over the other and looking up belong here; the key is in `matching`.

A silent wrong mapping is worse than a visible unmapped value, so there is no prefix or fuzzy matching.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cleargrid_assets.outcome_map.matching import KEY_RULE, matching_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHIPPED = Path(__file__).with_name("outcomes.csv")
HEADER = ["outcome", "contact_class", "result_class", "aliases"]
CONTACT_CLASSES = ("no_connect", "machine", "live_unidentified", "third_party", "right_party", "unknown")
RESULT_CLASSES = (
    "promise", "broken_promise", "payment", "payment_claim", "settlement", "refusal", "dispute", "callback",
    "hardship", "no_commitment", "vulnerable", "stop_contact", "bad_number", "none", "unknown",
)  # fmt: skip
IMPLY_RIGHT_PARTY = frozenset({"promise", "refusal", "settlement"})
"""Results that only the right person can give; otherwise a rate's numerator could exceed its denominator."""

UNKNOWN = "unknown"
UNMAPPED = "unmapped"
NULL = "(null)"


class OutcomeMapError(ValueError):
    """A map file cannot be used; the message names the file and the row."""


@dataclass(frozen=True)
class Outcome:
    """The meaning of a spelling; `source` is the file and line that define it."""

    outcome: str
    contact_class: str
    result_class: str
    source: str = ""

    @property
    def meaning(self) -> tuple[str, str, str]:
        """The name and the classes, without their source."""
        return self.outcome, self.contact_class, self.result_class

    @property
    def is_filled_in(self) -> bool:
        """True if both classes are known; a pasted row that is not filled in maps nothing yet."""
        return UNKNOWN not in (self.contact_class, self.result_class)


@dataclass(frozen=True)
class OutcomeMap:
    """Outcomes by matching key."""

    by_key: Mapping[str, Outcome]

    @classmethod
    def load(cls, overlay: Path | None = None) -> OutcomeMap:
        """The shipped map with the user's file laid over it; the user's file wins.

        Raises `OutcomeMapError` for an unknown class, a key that two outcomes of one file share, a missing column, a
        row without a key, or a file that cannot be read.
        """
        by_key = _read(SHIPPED)
        if overlay is not None:
            by_key |= _read(overlay)
        return cls(by_key)

    @property
    def version(self) -> str:
        """A short hash of the map's contents, in any order of rows, and of the rule that makes its keys."""
        rows = sorted(",".join([key, *outcome.meaning]) for key, outcome in self.by_key.items())
        return hashlib.sha256("\n".join([f"key rule {KEY_RULE}", *rows]).encode()).hexdigest()[:12]

    def classify(self, spellings: Iterable[str | None]) -> list[dict[str, object]]:
        """One row of `core.outcome_spellings`, without its month, for each spelling."""
        version = self.version
        return [self._classify_spelling(spelling, version) for spelling in spellings]

    def _classify_spelling(self, spelling: str | None, version: str) -> dict[str, object]:
        """The classified spelling; if its row is not filled in, only the row's name applies."""
        key = None if spelling is None else matching_key(spelling)
        row = self.by_key.get(key) if key else None
        outcome = row or Outcome(NULL if spelling is None else UNMAPPED, UNKNOWN, UNKNOWN)
        is_mapped = outcome.is_filled_in
        return {
            "outcome_option": spelling,
            "outcome_key": key,
            "outcome": outcome.outcome,
            "contact_class": outcome.contact_class if is_mapped else UNKNOWN,
            "result_class": outcome.result_class if is_mapped else UNKNOWN,
            "is_mapped": is_mapped,
            "outcome_map_version": version,
        }


def _read(path: Path) -> dict[str, Outcome]:
    """A map file's outcomes by key; within a file, each key belongs to one outcome."""
    by_key: dict[str, Outcome] = {}
    for line, row in _rows(path):
        outcome = _outcome(path, line, row)
        names = [row["outcome"], *row["aliases"].split("|")]
        for key in dict.fromkeys(matching_key(name) for name in names if name.strip()):
            _assign(by_key, key, outcome)
    return by_key


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if reader.fieldnames != HEADER:
                raise OutcomeMapError(f"{path}, line 1: the header must be {','.join(HEADER)}, not {reader.fieldnames}")
            return [(reader.line_num, row) for row in reader]
    except FileNotFoundError as error:
        raise OutcomeMapError(f"there is no file {path.absolute()}; correct CLEARGRID_OUTCOMES") from error
    except OSError as error:
        raise OutcomeMapError(f"CLEARGRID_OUTCOMES: {path.absolute()} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise OutcomeMapError(f"CLEARGRID_OUTCOMES: {path.absolute()} is not UTF-8; save it as UTF-8 CSV") from error
    except csv.Error as error:
        raise OutcomeMapError(f"CLEARGRID_OUTCOMES: {path.absolute()} is not a CSV file ({error})") from error


def _outcome(path: Path, line: int, row: dict[str, str]) -> Outcome:
    where = f"{path}, line {line}"
    if None in row or None in row.values():
        raise OutcomeMapError(f"{where}: a row has {len(HEADER)} columns, {','.join(HEADER)}; quote values with commas")
    if not matching_key(row["outcome"]):
        raise OutcomeMapError(f"{where}: the outcome {row['outcome']!r} has no letter or digit")
    for name, choices in (("contact_class", CONTACT_CLASSES), ("result_class", RESULT_CLASSES)):
        if row[name] not in choices:
            raise OutcomeMapError(f"{where}: {name} {row[name]!r} is unknown; choose one of {', '.join(choices)}")
    if row["result_class"] in IMPLY_RIGHT_PARTY and row["contact_class"] != "right_party":
        raise OutcomeMapError(
            f"{where}: a {row['result_class']} implies that the right person was reached; set contact_class to "
            f"right_party"
        )
    return Outcome(row["outcome"].strip(), row["contact_class"], row["result_class"], where)


def _assign(by_key: dict[str, Outcome], key: str, outcome: Outcome) -> None:
    """Assign `key` to `outcome`. Raises if the file assigns it to another outcome or with other classes."""
    if not key:
        raise OutcomeMapError(f"{outcome.source}: an alias of {outcome.outcome!r} has no letter or digit")
    holder = by_key.setdefault(key, outcome)
    if holder.meaning != outcome.meaning:
        raise OutcomeMapError(
            f"two outcomes have the key {key!r}: {', '.join(holder.meaning)} ({holder.source}) and "
            f"{', '.join(outcome.meaning)} ({outcome.source}); keep one of them"
        )
