"""Processes of the distributed tests: started with their own environment, stopped with all their children.

Starting, waiting for a port and killing a host's process tree belong here; `cluster` knows which services there are.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

POLL_SECONDS = 0.5
MARK = "DISTRIBUTED_TEST_HOST"
"""Every process of a host inherits this variable with the host's name: so all of them are found, and no other."""


@contextmanager
def service(
    arguments: Sequence[str], environment: Mapping[str, str], log: Path, host: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A service that runs while the block does; everything it started ends with it."""
    process = start(arguments, environment, log, host)
    try:
        yield process
    finally:
        kill_host(host)
        process.wait()


def start(arguments: Sequence[str], environment: Mapping[str, str], log: Path, host: str) -> subprocess.Popen[bytes]:
    """Start a process as one of `host`'s."""
    with closing(log.open("ab")) as output:
        return subprocess.Popen(
            arguments,
            env={**environment, MARK: host},
            cwd=environment["HOME"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def kill_host(host: str) -> None:
    """Kill every process of `host` at once, as a power cut does."""
    while members := _members(host):
        for pid in members:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _members(host: str) -> list[int]:
    """The living processes whose environment says that they are the host's."""
    mark, pids = f"{MARK}={host}".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                pids.append(int(folder.name))
    return pids


def wait_until(what: str, condition: Callable[[], bool], seconds: float) -> None:
    """Return once `condition` holds; raise after `seconds`, naming what was waited for."""
    give_up_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(POLL_SECONDS)


def is_listening(port: int) -> bool:
    """True if a process accepts connections on `port` of the loopback interface."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
