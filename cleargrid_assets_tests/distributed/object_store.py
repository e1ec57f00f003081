"""SeaweedFS as an S3 server on loopback, with one bucket and its own folder.

Starting, killing and restarting it with its data belong here; the tests decide what it stores.
"""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleargrid_assets.command_names import executable
from cleargrid_assets_tests.distributed.processes import is_listening, kill_host, start, wait_until
from cleargrid_assets_tests.postgres_server import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ACCESS_KEY, SECRET_KEY = "lake", "s3-secret-of-the-tests"
HOST = "store"
START_SECONDS = 120
BUCKET = "lake"
BUCKET_DATA = f"s3://{BUCKET}/d23"


@dataclass(frozen=True)
class ObjectStore:
    """A server whose ports stay the same when it is restarted."""

    folder: Path
    ports: Mapping[str, int]

    @property
    def variables(self) -> dict[str, str]:
        """The variables that AWS's own tools read."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.ports['s3']}",
        }

    def start(self) -> None:
        """Start it and wait until it answers."""
        arguments = [
            "server", "-ip=127.0.0.1", f"-dir={self.folder}", "-volume.max=20", "-master.volumeSizeLimitMB=64", "-s3",
            *(f"-{name}.port={port}" for name, port in self.ports.items()), f"-s3.config={self.folder / 's3.json'}",
        ]  # fmt: skip
        start([executable("weed"), *arguments], self._environment, self.folder.with_suffix(".log"), HOST)
        wait_until("the store answers", lambda: is_listening(self.ports["s3"]), START_SECONDS)

    def kill(self) -> None:
        """Kill it in the middle of its work."""
        kill_host(HOST)

    def create_bucket(self) -> None:
        """Create the bucket."""
        subprocess.run(
            [executable("weed"), "shell", f"-master=127.0.0.1:{self.ports['master']}"],
            input=f"s3.bucket.create -name {BUCKET}\n".encode(), env=self._environment, check=True,
            capture_output=True, timeout=60,
        )  # fmt: skip

    @property
    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder)}


@contextmanager
def run_object_store(folder: Path) -> Iterator[ObjectStore]:
    """A server with an empty bucket; killed at the end of the block."""
    store = ObjectStore(folder, {name: free_port() for name in ("master", "volume", "filer", "s3")})
    folder.mkdir()
    identity = {
        "name": "lake",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
    try:
        store.start()
        store.create_bucket()
        yield store
    finally:
        store.kill()
