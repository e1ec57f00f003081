"""Credentials and address of an S3-compatible store, from the variables that AWS's own tools read.

It turns `AWS_*` into DuckDB's secret, which lives only in memory, and into Arrow's file system. What is kept in the
store is decided in `ducklake` and `artifacts`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from urllib.parse import SplitResult

    import duckdb
    from pyarrow.fs import S3FileSystem

CONNECT_SECONDS, REQUEST_SECONDS, ATTEMPTS = 5, 20, 3
HTTP_TIMEOUTS = f"SET http_timeout = {REQUEST_SECONDS}; SET http_retries = {ATTEMPTS - 1}; SET http_retry_wait_ms = 200"
"""Short, so that a store that is down is reported within seconds; Dagster retries the run's step for minutes."""


def is_object_store(data: str) -> bool:
    """True if `data` names a bucket, not a folder."""
    return "://" in data


def use_object_store(connection: duckdb.DuckDBPyConnection, extensions: Path | None) -> None:
    """Let DuckDB read and write the buckets that the environment has credentials for."""
    from cleargrid_assets.warehouse.extensions import load_extension  # noqa: PLC0415 - start-up needs no DuckDB

    load_extension(connection, "httpfs", extensions)
    connection.execute(HTTP_TIMEOUTS)
    options = secret_options(os.environ)
    if "PROVIDER" in options:
        load_extension(connection, "aws", extensions)
    clauses = ", ".join(f"{name} ?" for name in options)
    connection.execute(f"CREATE OR REPLACE TEMPORARY SECRET lake_data (TYPE s3, {clauses})", list(options.values()))


def bucket_filesystem(variables: Mapping[str, str]) -> S3FileSystem:
    """Arrow's file system for the same stores; it finds keys and roles as AWS's own tools do."""
    from pyarrow import fs  # noqa: PLC0415 - lakes in a bucket only

    options: dict[str, Any] = {}
    endpoint = _endpoint(variables)
    if endpoint:
        options = {"endpoint_override": endpoint.netloc, "scheme": endpoint.scheme}
    return fs.S3FileSystem(
        region=_region(variables),
        connect_timeout=CONNECT_SECONDS,
        request_timeout=REQUEST_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
        **options,
    )


def secret_options(variables: Mapping[str, str]) -> dict[str, object]:
    """The options of DuckDB's secret; without keys, DuckDB uses AWS's credential chain (roles of hosts and pods)."""
    options: dict[str, object] = {}
    if variables.get("AWS_ACCESS_KEY_ID"):
        options = {"KEY_ID": variables["AWS_ACCESS_KEY_ID"], "SECRET": variables.get("AWS_SECRET_ACCESS_KEY", "")}
    else:
        options = {"PROVIDER": "credential_chain"}
    if variables.get("AWS_SESSION_TOKEN"):
        options["SESSION_TOKEN"] = variables["AWS_SESSION_TOKEN"]
    region, endpoint = _region(variables), _endpoint(variables)
    if region:
        options["REGION"] = region
    if endpoint:
        options |= {"ENDPOINT": endpoint.netloc, "URL_STYLE": "path", "USE_SSL": endpoint.scheme == "https"}
    return options


def _region(variables: Mapping[str, str]) -> str | None:
    return variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION")


def _endpoint(variables: Mapping[str, str]) -> SplitResult | None:
    """The address of a store other than Amazon's; None for Amazon's."""
    address = variables.get("AWS_ENDPOINT_URL_S3") or variables.get("AWS_ENDPOINT_URL")
    return urlsplit(address) if address else None
