"""A whole deployment on loopback: PostgreSQL twice, an S3 server, Dagster's services, and two Ray nodes as two hosts.

The hosts have homes and temporary folders of their own and share nothing but the services.

Here: starting it, asking for backfills, watching runs. Not here: expectations.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import requests
from ray.job_submission import JobSubmissionClient

from cleargrid_assets.jobs import REFRESH_MONTH
from cleargrid_assets_tests.distributed.processes import is_listening, kill_host, service, start, wait_until
from cleargrid_assets_tests.postgres_server import free_port, started_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cleargrid_assets_tests.postgres_server import PostgresServer

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
NODES = 2
WORKSPACE = """
load_from:
  - grpc_server:
      host: 127.0.0.1
      port: {port}
      location_name: cleargrid_assets
"""
ACCESS_KEY, SECRET_KEY = "lake", "s3-secret-of-the-tests"
BUCKET_DATA = "s3://lake/d23"
ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


@dataclass
class Cluster:
    """The running deployment."""

    folder: Path
    catalog: PostgresServer
    variables: Mapping[str, str]
    instance: dg.DagsterInstance
    ray_port: int
    backfills: int = field(default=0)

    @property
    def environment(self) -> dict[str, str]:
        """What Dagster's services see; the hosts see the same with homes of their own."""
        return home_environment(self.folder, "services", self.variables)

    def start_node(self, host: str) -> None:
        """A further Ray node: another host with two processors."""
        arguments = ["ray", "start", f"--address=127.0.0.1:{self.ray_port}", "--num-cpus=2", "--block"]
        start(
            [command(arguments[0]), *arguments[1:]],
            home_environment(self.folder, host, self.variables),
            self.folder / f"{host}.log",
            host,
        )
        wait_until(f"{host} joins", lambda: len(self._nodes()) == NODES, START_SECONDS)

    def accepts_jobs(self) -> bool:
        """Whether Ray's job server works already; it answers before it does."""
        try:
            self._jobs.submit_job(entrypoint="true")
        except RuntimeError:
            return False
        return True

    def started_on_second_host(self, name: str) -> set[str]:
        """Ids of the backfill's runs that are in the middle of their work on the node that is not the head."""
        second = {node["node_id"] for node in self._nodes() if not node["is_head_node"]}
        jobs = {job.submission_id: job.driver_node_id for job in self._jobs.list_jobs()}
        started = [run for run in self.runs(name) if run.status == dg.DagsterRunStatus.STARTED]
        return {run.run_id for run in started if jobs.get(f"dagster-run-{run.run_id}") in second}

    def ask_for(self, months: Sequence[str]) -> str:
        """Ask Dagster for a backfill of `months`, with everything that is made of them; its name."""
        self.backfills += 1
        name = f"backfill {self.backfills}"
        arguments = ["job", "backfill", "-w", str(self.folder / "workspace.yaml"), "--job", REFRESH_MONTH, "--noprompt"]
        subprocess.run(
            [command("dagster"), *arguments, "--partitions", ",".join(months), "--tags", f'{{"asked": "{name}"}}'],
            env=self.environment,
            cwd=self.environment["HOME"],
            check=True,
            capture_output=True,
        )
        return name

    def runs(self, name: str) -> list[dg.DagsterRun]:
        """All runs of a backfill, those that were started anew included."""
        return list(self.instance.get_runs(dg.RunsFilter(tags={"asked": name})))

    def wait_for_end(self, name: str, months: int, seconds: float) -> list[dg.DagsterRun]:
        """The runs once all have ended and every month has one that succeeded, or nothing happens any more."""

        def has_ended() -> bool:
            runs = self.runs(name)
            done = {run.tags["dagster/partition"] for run in runs if run.status == dg.DagsterRunStatus.SUCCESS}
            return len(done) == months and all(run.status in ENDED for run in runs)

        wait_until(f"{name} ends", has_ended, seconds)
        return self.runs(name)

    def wait_for_all(self, name: str, months: int, seconds: float) -> list[dg.DagsterRun]:
        """The runs once every month has one and all have ended, well or not."""

        def have_ended() -> bool:
            runs = self.runs(name)
            months_run = {run.tags["dagster/partition"] for run in runs}
            return len(months_run) == months and all(run.status in ENDED for run in runs)

        wait_until(f"all runs of {name} end", have_ended, seconds)
        return self.runs(name)

    def hosts_of(self, runs: Sequence[dg.DagsterRun]) -> set[str]:
        """The Ray nodes on which `runs` were executed."""
        jobs = {job.submission_id: job.driver_node_id for job in self._jobs.list_jobs()}
        found = (jobs.get(f"dagster-run-{run.run_id}") for run in runs)
        return {node for node in found if node}

    @cached_property
    def _jobs(self) -> JobSubmissionClient:
        return JobSubmissionClient(self.variables["DAGSTER_RAY_ADDRESS"])

    def _nodes(self) -> list[dict[str, Any]]:
        """The nodes that Ray holds for alive."""
        answer = requests.get(f"{self.variables['DAGSTER_RAY_ADDRESS']}/api/v0/nodes", timeout=30)
        nodes: list[dict[str, Any]] = answer.json()["data"]["result"]["result"]
        return [node for node in nodes if node["state"] == "ALIVE"]


def home_environment(folder: Path, host: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of `host`, with a home of its own."""
    home = folder / host
    home.mkdir(exist_ok=True)
    shutil.copyfile(PROJECT / "deploy" / "dagster-ray.yaml", home / "dagster.yaml")
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "DAGSTER_HOME": str(home),
        "RAY_TMPDIR": str(home),
        "RAY_USAGE_STATS_ENABLED": "0",
        **variables,
    }


@contextmanager
def _variables(variables: Mapping[str, str], *names: str) -> Iterator[None]:
    """Dagster's instance reads these two from the environment of whoever opens it: of the tests as well."""
    os.environ.update({name: variables[name] for name in names})
    try:
        yield
    finally:
        for name in names:
            del os.environ[name]


@contextmanager
def started_cluster(folder: Path, binaries: Path, settings: Mapping[str, str]) -> Iterator[Cluster]:
    """Start everything, in the order in which it is needed; stop everything at the end."""
    with ExitStack() as stack:
        dagster_db = stack.enter_context(started_postgres(binaries))
        catalog = stack.enter_context(started_postgres(binaries))
        s3 = stack.enter_context(_object_store(folder))
        ports = {name: free_port() for name in ("ray", "dashboard", "code")}
        url = dagster_db.dsn_url(dagster_db.create_database())
        variables = {
            **settings,
            **s3,
            "CLEARGRID_WAREHOUSE": f"ducklake:postgres:{catalog.dsn(catalog.create_database())}",
            "CLEARGRID_LAKE_DATA": BUCKET_DATA,
            "DAGSTER_POSTGRES_URL": url,
            "DAGSTER_RAY_ADDRESS": f"http://127.0.0.1:{ports['dashboard']}",
        }
        (folder / "workspace.yaml").write_text(WORKSPACE.format(port=ports["code"]), encoding="utf-8")
        stack.enter_context(_variables(variables, "DAGSTER_POSTGRES_URL", "DAGSTER_RAY_ADDRESS"))
        environment = home_environment(folder, "services", variables)
        instance = stack.enter_context(dg.DagsterInstance.from_config(environment["DAGSTER_HOME"]))
        cluster = Cluster(folder, catalog, variables, instance, ports["ray"])
        stack.enter_context(
            _service(
                "host-one", _head(ports), home_environment(folder, "host-one", variables), folder, ports["dashboard"]
            )
        )
        cluster.start_node("host-two")
        wait_until("Ray accepts jobs", cluster.accepts_jobs, START_SECONDS)
        stack.callback(kill_host, "host-two")
        code = [
            "dagster",
            "code-server",
            "start",
            "-h",
            "127.0.0.1",
            "-p",
            str(ports["code"]),
            "-m",
            "cleargrid_assets.definitions",
        ]
        stack.enter_context(_service("code", code, environment, folder, ports["code"]))
        daemon = ["dagster-daemon", "run", "-w", str(folder / "workspace.yaml")]
        stack.enter_context(_service("daemon", daemon, environment, folder, None))
        yield cluster


def _head(ports: Mapping[str, int]) -> list[str]:
    return [
        "ray", "start", "--head", "--block", "--node-ip-address=127.0.0.1", f"--port={ports['ray']}", "--num-cpus=2",
        "--include-dashboard=true", "--dashboard-host=127.0.0.1", f"--dashboard-port={ports['dashboard']}",
    ]  # fmt: skip


@contextmanager
def _service(
    name: str, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, port: int | None
) -> Iterator[None]:
    with service([command(arguments[0]), *arguments[1:]], environment, folder / f"{name}.log", name):
        if port is not None:
            wait_until(f"{name} answers", lambda: is_listening(port), START_SECONDS)
        yield


@contextmanager
def _object_store(folder: Path) -> Iterator[dict[str, str]]:
    """SeaweedFS as an S3 server with one bucket; the variables that reach it."""
    data = folder / "store"
    data.mkdir()
    ports = {name: free_port() for name in ("master", "volume", "filer", "s3")}
    credentials = [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    identities = [{"name": "lake", "credentials": credentials, "actions": actions}]
    (data / "s3.json").write_text(json.dumps({"identities": identities}), encoding="utf-8")
    arguments = [
        "weed", "server", "-ip=127.0.0.1", f"-dir={data}", "-volume.max=20", "-master.volumeSizeLimitMB=64", "-s3",
        *(f"-{name}.port={port}" for name, port in ports.items()), f"-s3.config={data / 's3.json'}",
    ]  # fmt: skip
    environment = {"PATH": os.environ["PATH"], "HOME": str(data)}
    with _service("store", arguments, environment, folder, ports["s3"]):
        shell = "s3.bucket.create -name lake\n"
        subprocess.run(
            [command("weed"), "shell", f"-master=127.0.0.1:{ports['master']}"],
            input=shell.encode(), env=environment, check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        yield {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{ports['s3']}",
        }


def command(name: str) -> str:
    """The path of a command of this environment."""
    return str(Path(sys.executable).parent / name)
