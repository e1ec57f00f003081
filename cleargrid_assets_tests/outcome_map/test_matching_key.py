"""The matching key in every script: it ignores marks that writers omit and keeps those that make another letter."""

from __future__ import annotations

import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleargrid_assets.outcome_map import matching_key
from cleargrid_assets.outcome_map.matching import KEY_RULE


def test_a_key_has_letters_and_digits_of_any_script_and_no_separator() -> None:
    assert matching_key("Ǆ ﬁ_Straße-٣") == unicodedata.normalize("NFKD", "dzfistrasse٣")
    assert matching_key("\u260e\ufe0f Busy 1\ufe0f\u20e3") == "busy1"


SAME = {
    "Latin accents": ("Não atende", "NAO ATENDE"),
    "Latin, composed or not": ("refus\u00e9", "refuse\u0301"),
    "Latin, dotted capital I": ("İPTAL", "iptal"),
    "Greek accents": ("Άρνηση πληρωμής", "ΑΡΝΗΣΗ ΠΛΗΡΩΜΗΣ"),
    "Cyrillic stress and yo": ("Перезво\u0301нит, звонок принят ещё раз", "перезвонит звонок принят еще раз"),
    "Cyrillic, composed or not": ("мо\u0439", "мо\u0438\u0306"),
    "Arabic harakat": ("وَعَدَ بِالدَّفْعِ", "وعد بالدفع"),
    "Arabic hamza on alef": ("أغلق الخط", "اغلق الخط"),
    "Arabic presentation forms": ("\ufe95\ufefb", "\u062a\u0644\u0627"),
    "Hebrew niqqud": ("הִבְטִיחַ לְשַׁלֵּם", "הבטיח לשלם"),
    "Devanagari nukta, composed or not": ("\u095cक", "\u0921\u093cक"),
    "Thai am, composed or not": ("\u0e01\u0e33", "\u0e01\u0e4d\u0e32"),
    "Japanese half width": ("ﾊﾞﾝｺﾞｳ", "バンゴウ"),
    "Hangul, composed or not": ("거절", unicodedata.normalize("NFD", "거절")),
    "zero width characters": ("क\u200d\u094dष", "क\u094dष"),
}
DIFFERENT = {
    "Devanagari vowel signs": ("पता", "पति"),
    "Devanagari long and short": ("पिता", "पीता"),
    "Devanagari with and without a vowel sign": ("कम", "काम"),
    "Devanagari virama": ("सत\u094dय", "सतय"),
    "Devanagari anusvara": ("हंस", "हस"),
    "Bengali": ("কল", "কাল"),
    "Tamil": ("பட", "படி"),
    "Tamil pulli": ("கல", "கல்"),
    "Thai vowels": ("ผิด", "ผัด"),
    "Thai tones": ("ไม่", "ไม้"),
    "Khmer": ("កា", "កី"),
    "Cyrillic short i": ("мой", "мои"),
    "Ukrainian yi": ("її", "\u0456\u0456"),
    "Arabic hamza on yeh": ("بئر", "بير"),
    "Japanese voicing": ("はん", "ばん"),
    "Thaana": ("ދަ", "ދި"),
    "Hangul": ("거절", "거질"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=list(SAME))
def test_spellings_that_differ_in_what_writers_leave_out_are_one_key(one: str, other: str) -> None:
    assert matching_key(one) == matching_key(other) != ""


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=list(DIFFERENT))
def test_spellings_that_differ_in_a_part_of_a_letter_are_two_keys(one: str, other: str) -> None:
    assert matching_key(one) != matching_key(other)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
def test_the_key_of_a_spelling_does_not_depend_on_its_unicode_form(spelling: str) -> None:
    assert len({matching_key(unicodedata.normalize(form, spelling)) for form in ("NFC", "NFD", "NFKC", "NFKD")}) == 1


def test_a_rule_that_gives_other_keys_has_another_number() -> None:
    keys = [matching_key(spelling) for pair in (*SAME.values(), *DIFFERENT.values()) for spelling in pair]
    digest = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:12]
    assert (KEY_RULE, digest) == (2, "ebc7a39e0a99")
