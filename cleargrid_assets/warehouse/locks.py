"""The writer lock, which is released when the holding process exits, even if it crashes.

Beside a file it is a file lock, which the kernel releases. With a catalog in PostgreSQL it is an advisory lock, which
the server releases when the connection ends; both queue in order.

Waiting for the lock and giving up belong here; `warehouse` does the work while holding it.
"""

from __future__ import annotations

import os
import socket
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from cleargrid_assets.warehouse.errors import (
    WarehouseBusyError,
    WarehouseConflictError,
    WarehouseUnreachableError,
    WarehouseUnreadableError,
)
from cleargrid_assets.warehouse.path_validation import path_error, refuse_dangling_link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path

CONNECT_SECONDS = 5
MISREAD_ADDRESS = (
    "CLEARGRID_WAREHOUSE holds an address of PostgreSQL that cannot be parsed: percent-encode the special characters "
    "of its password (%25 for %, %2F for /, %40 for @), or put the password into single quotes in a string of keywords"
)
URL_PREFIXES = ("postgresql://", "postgres://")
ADVISORY_KEY = 0xC1EA_D23
"""One number is enough: advisory locks are per database, and a database holds one lake."""

KEEPALIVE = """
SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
SET idle_in_transaction_session_timeout = 0
"""
"""The server releases a dead host's lock within a minute; a host that is merely busy keeps its lock."""

LOCK_HOLDERS = """
SELECT string_agg(coalesce(application_name, '?') || ' (' || coalesce(host(client_addr), 'local') || ')', ', ')
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND objid = %s AND granted
"""


@contextmanager
def file_lock(path: Path, seconds: float) -> Iterator[None]:
    """Hold the lock of the file at `path`; all spellings of a path share one lock.

    Raises `WarehouseBusyError` after `seconds`, or `WarehouseUnreadableError` when the folder cannot be used.
    """
    refuse_dangling_link(path)
    try:
        resolved = path.resolve()
        resolved.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{resolved}.lock", is_singleton=True)
        lock.acquire(timeout=seconds)
    except Timeout as timeout:
        raise WarehouseBusyError(
            f"timed out after {seconds:.0f} s waiting for {path}, locked by other runs: run again when they finish"
        ) from timeout
    except OSError as error:
        raise path_error(path, error) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def advisory_lock(dsn: str, display_name: str, seconds: float) -> Iterator[Callable[[], None]]:
    """Hold the advisory lock of the catalog's database.

    Yields a function that raises `WarehouseConflictError` if the server has ended the session that holds it.
    Raises `WarehouseBusyError` after `seconds`, `WarehouseUnreachableError` or `WarehouseUnreadableError`.
    """
    driver = _driver()
    with closing(postgres_connection(dsn, display_name)) as connection:  # closing ends the transaction, and the lock
        try:
            with connection.cursor() as cursor:
                cursor.execute(KEEPALIVE)
                cursor.execute("SET lock_timeout = %s", [int(seconds * 1000)])
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_KEY])
        except driver.errors.LockNotAvailable:
            connection.rollback()
            raise WarehouseBusyError(
                f"timed out after {seconds:.0f} s waiting for {display_name}, locked by other runs "
                f"({_holders(connection)}): run again when they finish"
            ) from None
        except driver.Error as error:
            raise _catalog_error(display_name, error) from None
        yield lambda: _verify_lock(connection, display_name)


def _verify_lock(connection: Any, display_name: str) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except _driver().Error as error:
        raise WarehouseConflictError(
            f"the writer lock of {display_name} was lost before the commit; nothing was written. Keep PostgreSQL from "
            f"ending idle sessions of cleargrid_assets. {' '.join(str(error).split())}"
        ) from None


def postgres_connection(dsn: str, display_name: str) -> Any:
    """Connect to the catalog's database within seconds; the caller closes the connection.

    Raises `WarehouseUnreachableError` or, without the driver or with an address that libpq cannot parse,
    `WarehouseUnreadableError`.
    """
    driver = _driver()
    _verify_dsn(dsn, driver)
    name = f"cleargrid_assets {socket.gethostname()} {os.getpid()}"
    try:
        return driver.connect(dsn, connect_timeout=CONNECT_SECONDS, application_name=name)
    except driver.Error as error:
        raise _catalog_error(display_name, error) from None


def _verify_dsn(dsn: str, driver: Any) -> None:
    """Raise `WarehouseUnreadableError` for an address that libpq misreads: its text would quote the password."""
    try:
        parts = driver.extensions.parse_dsn(dsn)
    except driver.ProgrammingError:
        raise WarehouseUnreadableError(MISREAD_ADDRESS) from None
    if any("@" in parts.get(name, "") for name in _misreadable(dsn, parts.keys())):
        raise WarehouseUnreadableError(MISREAD_ADDRESS)


def _misreadable(dsn: str, names: AbstractSet[str]) -> AbstractSet[str]:
    """The parts of a URL that hold the end of a password, with its `@`, if a character of it ended it too soon.

    A string of keywords has none, nor has the query of a URL whose `@` stands before it.
    """
    if not dsn.startswith(URL_PREFIXES):
        return set()
    return {"host", "port", "dbname"} if "@" in dsn.partition("?")[0] else names - {"user", "password", "sslpassword"}


def _catalog_error(display_name: str, error: Exception) -> WarehouseUnreachableError:
    """The error for a catalog that does not respond; libpq's text names host and port, never the password."""
    reason = " ".join(str(error).split())
    return WarehouseUnreachableError(f"the catalog of {display_name} does not respond: {reason}. Nothing was changed.")


def _holders(connection: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute(LOCK_HOLDERS, [ADVISORY_KEY])
        return str(cursor.fetchone()[0] or "nobody now")


def _driver() -> Any:
    """PostgreSQL's driver, which only a lake with its catalog in PostgreSQL needs."""
    try:
        import psycopg2  # noqa: PLC0415 - of the extra `lake`: a file needs none
        import psycopg2.errors  # noqa: PLC0415 - likewise
    except ImportError as error:
        raise WarehouseUnreadableError(
            "CLEARGRID_WAREHOUSE is a lake with its catalog in PostgreSQL, and psycopg2 is not installed: install "
            "cleargrid-assets[lake]"
        ) from error
    return psycopg2
