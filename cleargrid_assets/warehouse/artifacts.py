"""Stores files for people and for tools that do not speak DuckDB, in a folder or bucket that every host can reach.

Replacing a file atomically, listing and deleting belong here; `assets.reports` writes the contents.
"""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cleargrid_assets.warehouse.errors import (
    WarehouseUnreachableError,
    WarehouseUnreadableError,
    WarehouseWriteError,
    first_line,
)
from cleargrid_assets.warehouse.path_validation import refuse_dangling_link
from cleargrid_assets.warehouse.s3_config import bucket_filesystem, is_object_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from pyarrow.fs import S3FileSystem


ABANDONED_SECONDS = 86_400
"""A process writes to a file more often than once a day."""


class Artifacts(Protocol):
    """A folder or bucket whose files are replaced atomically: a reader sees the old one or the new one."""

    @property
    def display_name(self) -> str:
        """The path or address that messages name."""

    def replacing(self, name: str) -> AbstractContextManager[Path]:
        """A path to write the file `name` to; it replaces the old file when the block ends without an error.

        Raises `WarehouseWriteError` or `WarehouseUnreachableError`.
        """

    def read(self, name: str) -> bytes | None:
        """The contents of the file `name`; None if it does not exist.

        Raises `WarehouseUnreadableError` or `WarehouseUnreachableError`.
        """

    def names(self) -> list[str]:
        """The sorted names of all files, including those of other programs.

        Raises `WarehouseUnreadableError` or `WarehouseUnreachableError`.
        """

    def delete(self, name: str) -> None:
        """Delete the file `name`; do nothing if it does not exist.

        Raises `WarehouseWriteError` or `WarehouseUnreachableError`.
        """

    def check_writable(self) -> None:
        """Raise `WarehouseUnreadableError` or `WarehouseUnreachableError` if nothing can be written here."""


@dataclass(frozen=True)
class ArtifactFolder:
    """A folder of this host, or one that all hosts share."""

    path: Path

    @property
    def display_name(self) -> str:
        """The path."""
        return str(self.path)

    @contextmanager
    def replacing(self, name: str) -> Iterator[Path]:
        """Write beside the file, then rename."""
        unfinished = self.path / f".{name}.{uuid.uuid4().hex[:8]}.unfinished"
        refuse_dangling_link(self.path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._delete_abandoned()
            yield unfinished
            unfinished.replace(self.path / name)
        except OSError as error:
            raise WarehouseWriteError(
                f"{self.path / name} could not be written ({error.strerror}): free disk space or correct the folder's "
                f"permissions"
            ) from error
        finally:
            with suppress(OSError):  # it may not exist
                unfinished.unlink()

    def _delete_abandoned(self) -> None:
        """Delete what processes that were killed while they wrote left; one that still writes is left alone."""
        for file in self.path.glob(".*.????????.unfinished*"):  # DuckDB leaves its log beside a database
            with suppress(OSError):  # another process may have deleted it
                if time.time() - file.stat().st_mtime > ABANDONED_SECONDS:
                    file.unlink()

    def read(self, name: str) -> bytes | None:
        """Read from the folder."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise WarehouseUnreadableError(
                f"{self.path / name} cannot be read ({error.strerror}): correct its permissions"
            ) from error

    def names(self) -> list[str]:
        """List the folder's files, without links and folders."""
        try:
            with os.scandir(self.path) as entries:
                return sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise WarehouseUnreadableError(
                f"{self.path} cannot be read ({error.strerror}): correct the folder's permissions"
            ) from error

    def delete(self, name: str) -> None:
        """Delete from the folder."""
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise WarehouseWriteError(
                f"{self.path / name} could not be deleted ({error.strerror}): correct the folder's permissions"
            ) from error

    def check_writable(self) -> None:
        """Create an unnamed file in the folder, or in the nearest parent that exists."""
        refuse_dangling_link(self.path)
        folder = next(parent for parent in (self.path.resolve() / "file").parents if parent.exists())
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise WarehouseUnreadableError(
                f"{self.path} cannot be used: nothing can be written in {folder} ({error.strerror})"
            ) from error


@dataclass(frozen=True)
class ArtifactBucket:
    """A prefix in an S3-compatible store."""

    address: str

    @property
    def display_name(self) -> str:
        """The prefix with `s3://`."""
        return self.address

    @contextmanager
    def replacing(self, name: str) -> Iterator[Path]:
        """Write to a local folder, then upload; the store shows only complete uploads."""
        from pyarrow import fs  # noqa: PLC0415 - lakes in a bucket only

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, name)
            yield file
            with self._translate_errors(f"/{name} could not be written; the old one is unchanged"):
                fs.copy_files(str(file), self._key(name), fs.LocalFileSystem(), self._store)

    def read(self, name: str) -> bytes | None:
        """Read from the bucket."""
        errors, missing = self._translate_errors(f"/{name} could not be read"), suppress(FileNotFoundError)
        with errors, missing, self._store.open_input_file(self._key(name)) as file:
            return bytes(file.readall())
        return None

    def names(self) -> list[str]:
        """List the objects directly below the prefix."""
        from pyarrow import fs  # noqa: PLC0415 - lakes in a bucket only

        with self._translate_errors(" could not be listed"):
            infos = self._store.get_file_info(fs.FileSelector(self._key("").rstrip("/"), allow_not_found=True))
        return sorted(info.base_name for info in infos if info.is_file)

    def delete(self, name: str) -> None:
        """Delete from the bucket."""
        with self._translate_errors(f"/{name} could not be deleted"), suppress(FileNotFoundError):
            self._store.delete_file(self._key(name))

    def check_writable(self) -> None:
        """Write an empty object and delete it."""
        key = self._key(f".examined-{uuid.uuid4().hex[:8]}")
        with self._translate_errors(" could not be written"):
            with self._store.open_output_stream(key):
                pass
            self._store.delete_file(key)

    @cached_property
    def _store(self) -> S3FileSystem:
        return bucket_filesystem(os.environ)

    def _key(self, name: str) -> str:
        return f"{self.address.partition('://')[2]}/{name}"

    @contextmanager
    def _translate_errors(self, problem: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise WarehouseUnreachableError(f"{self.address}{problem}. {first_line(error)}") from error


def artifacts_at(location: str) -> Artifacts:
    """The artifacts in the folder or prefix `location`."""
    return ArtifactBucket(location.rstrip("/")) if is_object_store(location) else ArtifactFolder(Path(location))
