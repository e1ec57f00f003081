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
        params = {"since": since.isoformat(), "until": until.isoformat(), "limit": str(self._limit)}
        while True:
            body = orjson.loads(self._session.get(self._url, params=params, timeout=60).content)["body"]
            yield body["rows"]
            cursor = body["pagination"]["nextCursor"]
            if cursor is None:
                return
            params["cursor"] = cursor
