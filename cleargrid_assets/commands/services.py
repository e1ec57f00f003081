"""Dagster's own processes as `cleargrid dev` and `cleargrid demo` run them: code server, daemon, webserver.

They are started one by one instead of by `dagster dev`, which is deprecated, prints everything on one console, ignores
SIGTERM if a shell started it in the background, and leaves its daemon behind if it is killed. As there, all share one
code server, which *Reload definitions* in the UI restarts.
"""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

import click

from cleargrid_assets.command_names import executable
from cleargrid_assets.commands.processes import ProcessGroup
from cleargrid_assets.warehouse.private_folder import PrivateFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MODULE = "cleargrid_assets.definitions"
LOCATION = "cleargrid_assets"
HOST = "127.0.0.1"
ANSWER_SECONDS = 10
SOCKET_BYTES = 107
"""The longest path of a socket on Linux."""

LONG_TIMEOUT = {"DAGSTER_GRPC_TIMEOUT_SECONDS": "300"}
"""Dagster fails a run if the code server takes over 60 s to answer, as it has on a busy machine."""

WORKSPACE = """
load_from:
  - grpc_server:
      socket: {socket}
      location_name: {location}
"""


@dataclass(frozen=True)
class Services:
    """A running code server and the processes that use it; `workspace` is the file that points to it."""

    group: ProcessGroup
    workspace: Path

    def start_daemon(self) -> None:
        """Start the daemon, which launches runs."""
        self.group.start(executable("dagster-daemon"), "run", "-w", str(self.workspace))

    def start_webserver(self, port: int) -> None:
        """Start the UI; return once it answers."""
        address = ("--host", HOST, "--port", str(port))
        self.group.start(executable("dagster-webserver"), "-w", str(self.workspace), *address)
        self.group.wait_until(lambda: _is_answering(port))

    def run_dagster(self, *arguments: str) -> None:
        """Run one of Dagster's own commands to its end."""
        self.group.run(executable("dagster"), *arguments, "-w", str(self.workspace))


@contextmanager
def services(
    environment: Mapping[str, str], cwd: Path, log: Path, *, lock: int, echo: bool = False
) -> Iterator[Services]:
    """Start the code server; at the end of the block, stop everything that was started on it.

    `lock`: the descriptor of the daemon's lock, which stays held until the last of the processes has ended.
    """
    # Not in the folder of Dagster's history, whose path may be too long for a socket.
    with (
        PrivateFolder() as folder,
        ProcessGroup({**LONG_TIMEOUT, **environment}, cwd, log, inherited=[lock], echo=echo) as group,
    ):
        address, workspace = folder / "code.sock", folder / "workspace.yaml"
        if len(os.fsencode(address)) > SOCKET_BYTES:
            raise click.ClickException(
                f"the path of {folder} is too long for a socket: set TMPDIR to /tmp, for example"
            )
        workspace.write_text(WORKSPACE.format(socket=address, location=LOCATION), encoding="utf-8")
        server = ["code-server", "start", "--socket", str(address), "-m", MODULE, "--location-name", LOCATION]
        group.start(executable("dagster"), *server)
        group.wait_until(lambda: _is_listening(address))
        yield Services(group, workspace)


def _is_listening(address: Path) -> bool:
    """True once the code server, which loads the code first, takes connections."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(address)) == 0


def _is_answering(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/server_info")
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True
