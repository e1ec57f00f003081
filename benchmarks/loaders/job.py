"""The arguments and the one line of output that all loaders share. The loaders themselves are its neighbours."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime

from cleargrid_assets.emulator import Credentials


@dataclass(frozen=True)
class Job:
    """One month from one address into one warehouse; `lake_data`: where a new lake keeps its files."""

    base_url: str
    month: date
    warehouse: str
    page_size: int
    concurrency: int
    lake_data: str | None = None

    @property
    def since(self) -> datetime:
        """The month's first instant."""
        return datetime(self.month.year, self.month.month, 1, tzinfo=UTC)

    @property
    def until(self) -> datetime:
        """The next month's first instant."""
        years, month = divmod(self.month.month, 12)
        return datetime(self.month.year + years, month + 1, 1, tzinfo=UTC)

    @property
    def account(self) -> Credentials:
        """The emulator's one account."""
        return Credentials()


def parse_job() -> Job:
    """The job on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--month", type=date.fromisoformat, required=True)
    parser.add_argument("--warehouse", required=True)
    parser.add_argument("--page-size", type=int, default=1000)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--lake-data")
    return Job(**vars(parser.parse_args()))


def print_result(rows: int, seconds: float) -> None:
    """Print the number of loaded rows and the seconds that the load took."""
    print(json.dumps({"rows": rows, "seconds": seconds}))
