"""Files made from the tables, for people and for tools that do not speak DuckDB: kept where every host finds them.

How a file is replaced as a whole, listed and deleted in a folder or a bucket belongs here; what is in it does not.
"""

from __future__ import annotations

import os
import tempfile
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
from cleargrid_assets.warehouse.object_store import bucket_filesystem, copy_to_bucket, is_object_store
from cleargrid_assets.warehouse.paths import refuse_dangling_link

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from pyarrow.fs import S3FileSystem


class Artifacts(Protocol):
    """A place for files that are replaced as a whole: a reader sees the old one or the new one."""

    @property
    def shown(self) -> str:
        """Where it is."""

    def replacing(self, name: str) -> AbstractContextManager[Path]:
        """A path to write the file `name` to; it is put in its place when the block ends, and not when it raises.

        Raises `WarehouseWriteError` or `WarehouseUnreachableError`.
        """

    def read(self, name: str) -> bytes | None:
        """The file `name`; None when there is none.

        Raises `WarehouseUnreadableError` or `WarehouseUnreachableError`.
        """

    def names(self) -> list[str]:
        """The names of all files, sorted; of others' files, too.

        Raises `WarehouseUnreadableError` or `WarehouseUnreachableError`.
        """

    def delete(self, name: str) -> None:
        """Delete the file `name`; one that is gone already is no error.

        Raises `WarehouseWriteError` or `WarehouseUnreachableError`.
        """

    def examine(self) -> None:
        """Raise `WarehouseUnreadableError` or `WarehouseUnreachableError` when nothing can be put here."""


@dataclass(frozen=True)
class ArtifactFolder:
    """A folder of this host, or one that all hosts share."""

    path: Path

    @property
    def shown(self) -> str:
        """The path."""
        return str(self.path)

    @contextmanager
    def replacing(self, name: str) -> Iterator[Path]:
        """Write beside the file; renaming puts it in its place."""
        unfinished = self.path / f".{name}.{uuid.uuid4().hex[:8]}.unfinished"
        refuse_dangling_link(self.path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            yield unfinished
            unfinished.replace(self.path / name)
        except OSError as error:
            raise WarehouseWriteError(
                f"{self.path / name} could not be written ({error.strerror}): free disk space or correct the folder's "
                f"permissions"
            ) from error
        finally:
            with suppress(OSError):  # it may never have been made
                unfinished.unlink()

    def read(self, name: str) -> bytes | None:
        """The file's bytes."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise WarehouseUnreadableError(f"{self.path / name} cannot be read ({error.strerror})") from error

    def names(self) -> list[str]:
        """The folder's files; links and folders are not among them."""
        try:
            with os.scandir(self.path) as entries:
                return sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise WarehouseUnreadableError(f"{self.path} cannot be read ({error.strerror})") from error

    def delete(self, name: str) -> None:
        """Delete the folder's file."""
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise WarehouseWriteError(
                f"{self.path / name} could not be deleted ({error.strerror}): correct the folder's permissions"
            ) from error

    def examine(self) -> None:
        """Make a file without a name in the folder, or in the one that it will be made in."""
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
    def shown(self) -> str:
        """The prefix, with `s3://`."""
        return self.address

    @contextmanager
    def replacing(self, name: str) -> Iterator[Path]:
        """Write to a folder of this host; the store shows an upload when it is complete."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, name)
            yield file
            with self._explained(name):
                copy_to_bucket(file, self._store, self._key(name))

    def read(self, name: str) -> bytes | None:
        """The object's bytes."""
        try:
            with self._store.open_input_file(self._key(name)) as file:
                return bytes(file.readall())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise WarehouseUnreachableError(f"{self.address}/{name} could not be read. {first_line(error)}") from error

    def names(self) -> list[str]:
        """The objects of the prefix itself."""
        from pyarrow import fs  # noqa: PLC0415 - lakes in a bucket only

        with self._explained("", "listed"):
            found = self._store.get_file_info(fs.FileSelector(self._key("").rstrip("/"), allow_not_found=True))
        return sorted(info.base_name for info in found if info.is_file)

    def delete(self, name: str) -> None:
        """Delete the object."""
        with self._explained(name, "deleted"), suppress(FileNotFoundError):
            self._store.delete_file(self._key(name))

    def examine(self) -> None:
        """Put an empty object there and take it away."""
        key = self._key(f".examined-{uuid.uuid4().hex[:8]}")
        with self._explained(""):
            with self._store.open_output_stream(key):
                pass
            self._store.delete_file(key)

    @cached_property
    def _store(self) -> S3FileSystem:
        return bucket_filesystem(os.environ)

    def _key(self, name: str) -> str:
        return f"{self.address.partition('://')[2]}/{name}"

    @contextmanager
    def _explained(self, name: str, action: str = "written") -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise WarehouseUnreachableError(
                f"{self.address}/{name} could not be {action}; what was there is still there. {first_line(error)}"
            ) from error


def artifacts_at(place: str) -> Artifacts:
    """The folder or the prefix `place`."""
    return ArtifactBucket(place.rstrip("/")) if is_object_store(place) else ArtifactFolder(Path(place))
