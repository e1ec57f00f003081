"""Drives a running Dagster from outside, for tests and benchmarks: its instance file and its GraphQL.

Add what every running Dagster shares here; `end_to_end.dagster_dev` and `distributed.cluster` start one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ANSWER_SECONDS = 30
LAUNCH = """mutation($backfill: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $backfill) {
    ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""


def run_query(url: str, query: str, **variables: Any) -> Any:
    """Send a GraphQL query to the webserver at `url`; return the response's data."""
    answer = requests.post(f"{url}/graphql", json={"query": query, "variables": variables}, timeout=ANSWER_SECONDS)
    answer.raise_for_status()
    return answer.json()["data"]


def launch_backfill(url: str, months: Sequence[str], assets: Sequence[Sequence[str]]) -> str:
    """Start a backfill of `assets`, as the dialog does; returns its id."""
    selection = [{"path": list(asset)} for asset in assets]
    parameters = {"assetSelection": selection, "partitionNames": list(months), "tags": [], "fromFailure": False}
    return str(run_query(url, LAUNCH, backfill=parameters)["launchPartitionBackfill"]["backfillId"])


def write_instance(template: Path, home: Path, runs: int) -> None:
    """Write the instance file `template` to `home`, with `runs` as its limit of concurrent runs."""
    text = template.read_text(encoding="utf-8")
    changed, count = re.subn(r"max_concurrent_runs: \d+", f"max_concurrent_runs: {runs}", text)
    assert count == 1
    (home / "dagster.yaml").write_text(changed, encoding="utf-8")
