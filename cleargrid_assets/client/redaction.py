"""Redacts secrets and sanitizes text from the server before it reaches a message.

Text that ClearGrid sent gets into an error or a log only through a `Redactor`.
"""

from __future__ import annotations

import json
import re
import threading
from urllib.parse import quote, quote_plus

MASK = "***"
MAX_MESSAGE_LENGTH = 300
MIN_SECRET_LENGTH = 4
BEARER = re.compile(r"(?i)bearer\s+[\w.~+/=-]+")


class Redactor:
    """Knows the secrets of one client and masks them in any text."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secrets: tuple[str, ...] = ()

    def learn(self, *secrets: str | None) -> None:
        """Add secrets, in every encoding in which a server may echo them."""
        encoded = {form for secret in secrets if secret for form in _encodings(secret)}
        long_enough = {form for form in encoded if len(form) >= MIN_SECRET_LENGTH}
        with self._lock:
            self._secrets = tuple(sorted({*self._secrets, *long_enough}, key=len, reverse=True))

    def clean(self, text: object) -> str:
        """`text` without secrets and control characters, truncated to 300 characters."""
        cleaned = BEARER.sub(f"Bearer {MASK}", str(text))
        for secret in self._secrets:
            cleaned = cleaned.replace(secret, MASK)
        printable = "".join(character if character.isprintable() else " " for character in cleaned)
        return " ".join(printable.split())[:MAX_MESSAGE_LENGTH]


def _encodings(secret: str) -> set[str]:
    return {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
