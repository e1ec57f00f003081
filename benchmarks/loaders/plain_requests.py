"""Reads the export with `requests` and nothing else. Code that the simple loaders share belongs here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from benchmarks.loaders.job import Job


class PlainExport:
    """D23 of the job's account."""

    def __init__(self, job: Job) -> None:
        account = job.account
        self._session = requests.Session()
        self._limit = job.page_size
        credentials = {"email": account.email, "password": account.password}
        login = f"{job.base_url}/admin/auth/{account.lender}/login"
        answer = self._session.post(login, json=credentials, timeout=60).json()
        self._session.headers["Authorization"] = f"Bearer {answer['token']}"
        self._url = f"{job.base_url}/admin/v3/lenders/{answer['lenderPublicId']}/exports/S4/D23"

    def pages(self, since: datetime, until: datetime) -> Iterator[list[dict[str, Any]]]:
        """The rows of a window, page by page."""
        for body in self.bodies(since, until):
            yield orjson.loads(body)["body"]["rows"]

    def bodies(self, since: datetime, until: datetime) -> Iterator[bytes]:
        """The pages of a window as they come, not decoded."""
        params = {"since": since.isoformat(), "until": until.isoformat(), "limit": str(self._limit)}
        while True:
            body = self._session.get(self._url, params=params, timeout=60).content
            yield body
            _, cursor_follows, rest = body.rpartition(b'"nextCursor":"')
            if not cursor_follows:
                return
            params["cursor"] = rest.partition(b'"')[0].decode()
