"""Login, and tokens until they expire.

Decide here who may send a request; `api` answers it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Credentials:
    """The one account of an emulator."""

    lender: str = "demo-lender"
    email: str = "demo@emulator.invalid"
    password: str = field(default="emulator-password", repr=False)
    lender_public_id: str = "5f3a1c9e-0000-4000-8000-00000000d023"


@dataclass
class Accounts:
    """Issues and counts tokens. `uses_per_token`: requests after which a token expires; None: never."""

    credentials: Credentials
    uses_per_token: int | None = None
    refuses_refresh: bool = False
    wraps_answers: bool = False
    logins: int = 0
    refreshes: int = 0
    _uses: dict[str, int] = field(default_factory=dict, repr=False)
    _refresh_tokens: set[str] = field(default_factory=set, repr=False)
    _issued: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def log_in(self, lender: str, email: object, password: object) -> dict[str, str] | None:
        """Fresh tokens; None for wrong credentials."""
        credentials = self.credentials
        if (lender, email, password) != (credentials.lender, credentials.email, credentials.password):
            return None
        with self._lock:
            self.logins += 1
            refresh = f"refresh-{self._next()}"
            self._refresh_tokens.add(refresh)
            return {"lenderPublicId": credentials.lender_public_id, "token": self._token(), "refreshToken": refresh}

    def refresh(self, lender: str, refresh_token: str) -> str | None:
        """A fresh token; None for an invalid refresh token, and for another lender's."""
        with self._lock:
            is_known = lender == self.credentials.lender and refresh_token in self._refresh_tokens
            if self.refuses_refresh or not is_known:
                return None
            self.refreshes += 1
            return self._token()

    def accepts(self, token: str) -> bool:
        """True if the token is valid; each call counts as one use."""
        with self._lock:
            if token not in self._uses:
                return False
            self._uses[token] += 1
            if self.uses_per_token is not None and self._uses[token] > self.uses_per_token:
                del self._uses[token]
                return False
            return True

    def _token(self) -> str:
        token = f"token-{self._next()}"
        self._uses[token] = 0
        return token

    def _next(self) -> str:
        self._issued += 1
        return f"{self._issued:08d}"
