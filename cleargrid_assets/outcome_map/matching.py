"""Computes the matching key: what two spellings of one outcome have in common, in any script.

A key keeps letters, digits and the marks that distinguish letters; `outcome_map` assigns outcomes to keys.
"""

from __future__ import annotations

import unicodedata

KEY_RULE = 2
"""Increase it whenever a spelling gets another key: months computed under the old rule then count as stale."""

MARKS = frozenset({"Mn", "Mc"})
OFTEN_LEFT_OUT = ("COMBINING", "ARABIC", "HEBREW", "SYRIAC")
"""Prefixes of the Unicode names of marks that many writers omit: accents, and the vowel points of some scripts."""

ACCENTED_SCRIPTS = ("LATIN", "GREEK")
WRITTEN_PLAIN = frozenset("ёأإآ")
"""Letters in their own right that are nevertheless mostly written without their mark."""


def matching_key(spelling: str) -> str:
    """NFKD, casefold, letters, digits and distinguishing marks only: `NO_ANSWER` and ` No Answer ` are one key."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", spelling).casefold())
    key_characters: list[str] = []
    letter = ""
    for character in decomposed:
        if character.isalnum():
            letter = character
        elif not _is_distinguishing(character, letter):
            continue
        key_characters.append(character)
    return "".join(key_characters)


def _is_distinguishing(mark: str, letter: str) -> bool:
    """True if `mark` turns `letter` into a different letter: vowel signs and tone marks do, accents rarely.

    Of the marks that are often omitted, only those that form a separate letter are kept (`й` is not `и`), and none on
    Latin and Greek letters, where accents depend on the keyboard.
    """
    name = unicodedata.name(mark, "")
    if unicodedata.category(mark) not in MARKS or "VARIATION SELECTOR" in name:
        return False
    if not name.startswith(OFTEN_LEFT_OUT):
        return True
    composed = unicodedata.normalize("NFC", letter + mark)
    is_letter = letter != "" and len(composed) == 1 and composed not in WRITTEN_PLAIN
    return is_letter and not unicodedata.name(letter, "").startswith(ACCENTED_SCRIPTS)
