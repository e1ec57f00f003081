"""An HTTP client of the export that knows only `requests` and the contract, and nothing of our client.

Sending requests belongs here; the tests state what they expect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleargrid_assets.emulator import Emulator

MAY = {"since": "2026-05-01T00:00:00.000Z", "until": "2026-06-01T00:00:00.000Z"}
MAY_21 = {"since": "2026-05-21T00:00:00.000Z", "until": "2026-05-22T00:00:00.000Z"}


@dataclass
class Caller:
    """One logged-in session at `emulator`."""

    emulator: Emulator
    session: requests.Session = field(default_factory=requests.Session)
    token: str = ""

    def log_in(self, lender: str | None = None, **changed: object) -> requests.Response:
        """The response to a login; `changed` replaces fields of the body."""
        known = self.emulator.credentials
        body = {"email": known.email, "password": known.password, **changed}
        return self._auth(lender or known.lender, "login", body)

    def refresh(self, lender: str | None = None, **body: object) -> requests.Response:
        """The response to a token refresh."""
        return self._auth(lender or self.emulator.credentials.lender, "refresh-token", body)

    def _auth(self, lender: str, call: str, body: object) -> requests.Response:
        return self.session.post(f"{self.emulator.base_url}/admin/auth/{lender}/{call}", json=body, timeout=10)

    def exports(self, path: str = "", *, lender: str = "", headers: Any = None, **params: Any) -> requests.Response:
        """The response of a path under the lender's exports; `headers` None: with the token."""
        self.token = self.token or self.log_in().json()["token"]
        url = (
            f"{self.emulator.base_url}/admin/v3/lenders/{lender or self.emulator.credentials.lender_public_id}/exports"
        )
        with_token = {"Authorization": f"Bearer {self.token}"}
        return self.session.get(
            url + path, params=params, headers=with_token if headers is None else headers, timeout=10
        )

    def d23(self, **params: Any) -> requests.Response:
        """The response of D23."""
        return self.exports("/S4/D23", **params)

    def body(self, **params: Any) -> dict[str, Any]:
        """The body of a page of D23."""
        answer = self.d23(**params)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()["body"]
        return body

    def bodies(self, **params: Any) -> Iterator[dict[str, Any]]:
        """The bodies of all pages, following each page's cursor."""
        cursor: dict[str, str] = {}
        while True:
            body = self.body(**params, **cursor)
            yield body
            if body["pagination"]["nextCursor"] is None:
                return
            cursor = {"cursor": body["pagination"]["nextCursor"]}

    def rows(self, **params: Any) -> list[dict[str, Any]]:
        """The rows of all pages."""
        return [row for body in self.bodies(**params) for row in body["rows"]]
