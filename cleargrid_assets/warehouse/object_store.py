"""Credentials and address of an S3-compatible store, from the variables that AWS's own tools read.

Here: `AWS_*` to DuckDB's secret, which lives in memory only. Not here: which files lie in the store.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cleargrid_assets.warehouse.extensions import load_extension

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb

PATIENCE = "SET http_timeout = 20; SET http_retries = 2; SET http_retry_wait_ms = 200"
"""A store that is down is named within seconds; Dagster retries the run's step for minutes."""


def is_object_store(data: str) -> bool:
    """Whether `data` names a bucket and not a folder."""
    return "://" in data


def use_object_store(connection: duckdb.DuckDBPyConnection, extensions: Path | None) -> None:
    """Let DuckDB read and write the buckets that the environment has credentials for."""
    load_extension(connection, "httpfs", extensions)
    connection.execute(PATIENCE)
    options = secret_options(os.environ)
    if "PROVIDER" in options:
        load_extension(connection, "aws", extensions)
    clauses = ", ".join(f"{name} ?" for name in options)
    connection.execute(f"CREATE OR REPLACE TEMPORARY SECRET lake_data (TYPE s3, {clauses})", list(options.values()))


def secret_options(variables: Mapping[str, str]) -> dict[str, object]:
    """The secret's options; without keys, DuckDB asks AWS's credential chain (roles of hosts and pods)."""
    options: dict[str, object] = {}
    if variables.get("AWS_ACCESS_KEY_ID"):
        options = {"KEY_ID": variables["AWS_ACCESS_KEY_ID"], "SECRET": variables.get("AWS_SECRET_ACCESS_KEY", "")}
    else:
        options = {"PROVIDER": "credential_chain"}
    if variables.get("AWS_SESSION_TOKEN"):
        options["SESSION_TOKEN"] = variables["AWS_SESSION_TOKEN"]
    region = variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION")
    if region:
        options["REGION"] = region
    endpoint = variables.get("AWS_ENDPOINT_URL_S3") or variables.get("AWS_ENDPOINT_URL")
    if endpoint:
        parts = urlsplit(endpoint)
        options |= {"ENDPOINT": parts.netloc, "URL_STYLE": "path", "USE_SSL": parts.scheme == "https"}
    return options
