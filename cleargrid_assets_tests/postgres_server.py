"""A PostgreSQL server for the tests: the machine's binaries, with its own folder and port.

Starting, stopping and one database per test belong here; the tests decide what it stores.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PASSWORD = "pg-secret-of-the-tests"
SETTINGS = ("-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200")


@dataclass
class PostgresServer:
    """A server on loopback that asks for `PASSWORD`."""

    binaries: Path
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        arguments = [str(self.binaries / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        log = (self.folder / "log").open("ab")
        with closing(log):
            self.process = subprocess.Popen(
                [*arguments, "-k", str(self.folder), *SETTINGS],
                stdout=log,
                stderr=log,
                start_new_session=True,
                **_user(),
            )
        is_ready = [str(self.binaries / "pg_isready"), "-h", "127.0.0.1", "-p", str(self.port), "-t", "1"]
        while subprocess.run(is_ready, check=False, stdout=subprocess.DEVNULL).returncode:
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text(encoding="utf-8"))

    def stop(self) -> None:
        """Close every connection and end, as a restart of the service does."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=60)
            self.process = None

    def dsn(self, database: str) -> str:
        """The connection string of one database, with the password."""
        return f"host=127.0.0.1 port={self.port} user=postgres password={PASSWORD} dbname={database}"

    def dsn_url(self, database: str) -> str:
        """The same as an SQLAlchemy URL."""
        return f"postgresql+psycopg2://postgres:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """Create a database; return its name."""
        name = f"d{uuid.uuid4().hex}"
        self.execute("postgres", f"CREATE DATABASE {name}")
        return name

    def replace_database(self, name: str, template: str) -> None:
        """Put a copy of database `template` in the place of database `name`. Connections to either are closed."""
        self.execute(
            "postgres",
            f"DROP DATABASE {name} WITH (FORCE)",
            f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{template}'",
            f"CREATE DATABASE {name} TEMPLATE {template}",
        )

    def execute(self, database: str, *statements: str) -> None:
        """Run statements in a database, each in a transaction of its own."""
        commands = [f"--command={statement}" for statement in statements]
        options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={self.dsn(database)}"]
        subprocess.run([str(self.binaries / "psql"), *options, *commands], check=True, stdout=subprocess.DEVNULL)


def find_binaries() -> Path | None:
    """The folder of PostgreSQL's server programs, which Debian keeps off the PATH; None if there is none."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)
    on_path = shutil.which("initdb")
    return places[0].parent if places else Path(on_path).parent if on_path else None


@contextmanager
def run_postgres(binaries: Path) -> Iterator[PostgresServer]:
    """A server with an empty cluster, removed at the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="cleargrid-postgres-"))
    try:
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            shutil.chown(folder / "password", "postgres")
        initdb = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "-A", "scram-sha-256"]
        subprocess.run(
            [*initdb, f"--pwfile={folder / 'password'}", "--no-sync"], check=True, stdout=subprocess.DEVNULL, **_user()
        )
        server = PostgresServer(binaries, folder, free_port())
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def free_port() -> int:
    """A free port on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _user() -> Mapping[str, Any]:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "cwd": "/"}
