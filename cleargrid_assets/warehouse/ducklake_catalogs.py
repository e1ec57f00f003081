"""The catalog of a lake: the database that knows which Parquet files make up which table.

Add a kind of catalog here: where it is, whether it exists, and its writer lock; attaching the lake is in `ducklake`.
"""

from __future__ import annotations

import re
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cleargrid_assets.warehouse.errors import WarehouseUnreadableError
from cleargrid_assets.warehouse.locks import advisory_lock, file_lock, postgres_connection
from cleargrid_assets.warehouse.path_validation import file_size

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

PREFIX = "ducklake:"
PASSWORD = re.compile(r"(?i)(password\s*=\s*)(?:''.+?''(?!')|'(?:[^'\\]|\\.)*'|(?:\\.|[^\s\\])+)")
"""A password that is quoted, quoted twice as in an SQL statement, or plain up to the next unescaped space."""

PASSWORD_IN_URL = re.compile(r"(://[^\s:/@]*:)\S+(@)")
"""Reaches to the last `@` of the word: masking part of a host is better than showing the end of a password."""

IS_LAKE = "SELECT to_regclass('ducklake_metadata') IS NOT NULL"


class Catalog(Protocol):
    """The interface of a catalog: PostgreSQL, SQLite or DuckDB."""

    @property
    def extensions(self) -> tuple[str, ...]:
        """The DuckDB extensions that reading the catalog needs."""

    @property
    def exists(self) -> bool:
        """True if it holds a lake."""

    @property
    def default_data(self) -> str | None:
        """Where a new lake's files go without CLEARGRID_LAKE_DATA; None if that must be set."""

    def lock(self, *, is_writing: bool) -> AbstractContextManager[Callable[[], None] | None]:
        """The lock that processes sharing the catalog take; see `Store.lock`."""


@dataclass(frozen=True)
class PostgresCatalog:
    """A database of a PostgreSQL server: any number of hosts; readers never wait, writers queue for a lock."""

    dsn: str
    lock_timeout: float
    extensions: tuple[str, ...] = ("postgres_scanner",)
    default_data: str | None = None

    @property
    def exists(self) -> bool:
        """True if the database holds a lake. Raises `WarehouseUnreachableError`."""
        with closing(postgres_connection(self.dsn, redacted(self.dsn))) as connection, connection.cursor() as cursor:
            cursor.execute(IS_LAKE)
            return bool(cursor.fetchone()[0])

    def lock(self, *, is_writing: bool) -> AbstractContextManager[Callable[[], None] | None]:
        """The server's advisory lock for writers; readers need none, they see the last committed snapshot."""
        if not is_writing:
            return nullcontext()
        return advisory_lock(self.dsn, redacted(self.dsn), self.lock_timeout)


@dataclass(frozen=True)
class FileCatalog:
    """A catalog in an SQLite or DuckDB file, for the processes of one host, one at a time."""

    path: Path
    lock_timeout: float
    extensions: tuple[str, ...] = ()

    @property
    def default_data(self) -> str:
        """A folder beside the file."""
        return f"{self.path}.files"

    @property
    def exists(self) -> bool:
        """True if the file exists. Raises `WarehouseUnreadableError` if the path is something else."""
        return file_size(self.path) is not None

    def lock(self, *, is_writing: bool) -> AbstractContextManager[None]:  # noqa: ARG002 - a file keeps readers out too
        """A file lock beside the catalog."""
        return file_lock(self.path, self.lock_timeout)


def catalog_at(address: str, lock_timeout: float) -> Catalog:
    """The catalog that a `ducklake:` address names. Raises `WarehouseUnreadableError` for one we do not know."""
    kind, colon, rest = address.removeprefix(PREFIX).partition(":")
    if kind in ("postgres", "postgresql"):
        return PostgresCatalog(f"{kind}:{rest}" if rest.startswith("//") else rest, lock_timeout)
    if kind == "sqlite" and rest:
        return FileCatalog(Path(rest), lock_timeout, ("sqlite_scanner",))
    if kind and not colon:
        return FileCatalog(Path(kind), lock_timeout)
    raise WarehouseUnreadableError(
        f"CLEARGRID_WAREHOUSE is {redacted(address)!r}: use ducklake:postgres:host=... dbname=..., "
        f"ducklake:sqlite:PATH, or ducklake:PATH"
    )


def redacted(text: str) -> str:
    """`text` with the passwords of connection strings masked."""
    return PASSWORD_IN_URL.sub(r"\1***\2", PASSWORD.sub(r"\1***", text))
