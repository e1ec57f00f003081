"""Masking of secrets and taming of server texts before they reach a message.

Here: the one place where foreign text becomes ours. Not here: who says it.
"""

from __future__ import annotations

import json
import re
import threading
from urllib.parse import quote, quote_plus

MASK = "***"
LONGEST_MESSAGE = 300
SHORTEST_SECRET = 4
BEARER = re.compile(r"(?i)bearer\s+[\w.~+/=-]+")


class Redactor:
    """Knows the secrets of one client and masks them wherever they turn up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: tuple[str, ...] = ()

    def learn(self, *secrets: str | None) -> None:
        """Remember secrets, in every form in which a server may echo them."""
        forms = {form for secret in secrets if secret for form in _forms(secret) if len(form) >= SHORTEST_SECRET}
        with self._lock:
            self._forms = tuple(sorted({*self._forms, *forms}, key=len, reverse=True))

    def clean(self, text: object) -> str:
        """`text` without secrets and control characters, cut to 300 characters."""
        cleaned = BEARER.sub(f"Bearer {MASK}", str(text))
        for form in self._forms:
            cleaned = cleaned.replace(form, MASK)
        printable = "".join(character if character.isprintable() else " " for character in cleaned)
        return " ".join(printable.split())[:LONGEST_MESSAGE]


def _forms(secret: str) -> set[str]:
    return {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
