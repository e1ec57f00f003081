"""A whole deployment on loopback: PostgreSQL twice, an S3 server, Dagster's services, and two Ray nodes as two hosts.

The hosts have separate home and temporary folders and share nothing but the services.

Starting it, requesting backfills and watching runs belong here; the tests state what they expect.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import requests
from dagster._core.execution.backfill import BULK_ACTION_TERMINAL_STATUSES
from dagster._core.storage.tags import BACKFILL_ID_TAG
from ray.job_submission import JobSubmissionClient

from cleargrid_assets.command_names import executable
from cleargrid_assets.commands.instance import PROJECT
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.jobs import REFRESH_MONTH
from cleargrid_assets.settings import Settings
from cleargrid_assets_tests.dagster_graphql import launch_backfill, write_instance
from cleargrid_assets_tests.distributed.object_store import BUCKET_DATA, START_SECONDS, run_object_store
from cleargrid_assets_tests.distributed.processes import (
    is_listening,
    kill_host,
    service,
    start,
    wait_until,
)
from cleargrid_assets_tests.postgres_server import free_port, run_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dagster._core.execution.backfill import BulkActionStatus

    from cleargrid_assets_tests.distributed.object_store import ObjectStore
    from cleargrid_assets_tests.postgres_server import PostgresServer

HOSTS = ("host-one", "host-two")
PROCESSORS = 2
"""Of each host, as Ray is told."""
WORKSPACE = """
load_from:
  - grpc_server:
      host: 127.0.0.1
      port: {port}
      location_name: cleargrid_assets
"""


@dataclass
class Cluster:
    """The running deployment."""

    folder: Path
    catalog: PostgresServer
    store: ObjectStore
    variables: Mapping[str, str]
    instance: dg.DagsterInstance
    ports: Mapping[str, int]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of Dagster's services; each host has the same one with its own home."""
        return home_environment(self.folder, "services", self.variables)

    def start_node(self, host: str) -> None:
        """Start a further Ray node, which is another host with two processors."""
        start(
            [executable("ray"), "start", f"--address=127.0.0.1:{self.ports['ray']}", *_node_arguments()],
            home_environment(self.folder, host, self.variables),
            self.folder / f"{host}.log",
            host,
        )
        wait_until(f"{host} joins", lambda: len(self._nodes()) == len(HOSTS), START_SECONDS)

    def accepts_jobs(self) -> bool:
        """True once Ray accepts jobs; its job server responds before that."""
        try:
            self._jobs.submit_job(entrypoint="true")
        except RuntimeError:
            return False
        return True

    def runs_on_second_host(self, name: str) -> set[str]:
        """Ids of the backfill's runs that are in progress on the second node."""
        second = {node["node_id"] for node in self._nodes() if not node["is_head_node"]}
        jobs = {job.submission_id: job.driver_node_id for job in self._jobs.list_jobs()}
        started = [run for run in self.runs(name) if run.status == dg.DagsterRunStatus.STARTED]
        return {run.run_id for run in started if jobs.get(f"dagster-run-{run.run_id}") in second}

    def launch(self, months: Sequence[str]) -> str:
        """Launch a backfill of `months` and of their derived tables, as the UI does; return its id."""
        assets = (
            build_definitions(Settings(self.variables)).resolve_job_def(REFRESH_MONTH).asset_layer.selected_asset_keys
        )
        url = f"http://127.0.0.1:{self.ports['webserver']}"
        return launch_backfill(url, months, [key.path for key in sorted(assets)])

    def runs(self, backfill: str) -> list[dg.DagsterRun]:
        """All runs of a backfill, including retries."""
        return list(self.instance.get_runs(dg.RunsFilter(tags={BACKFILL_ID_TAG: backfill})))

    def status(self, backfill: str) -> BulkActionStatus:
        """The status of a backfill."""
        record = self.instance.get_backfill(backfill)
        assert record is not None
        return record.status

    def wait_for_end(
        self, backfill: str, seconds: float, meanwhile: Callable[[], object] = lambda: None
    ) -> list[dg.DagsterRun]:
        """Wait until the backfill has ended by itself and return its runs; call `meanwhile` while it runs."""

        def has_ended() -> bool:
            meanwhile()
            return self.status(backfill) in BULK_ACTION_TERMINAL_STATUSES

        wait_until(f"{backfill} ends", has_ended, seconds)
        return self.runs(backfill)

    def hosts_of(self, runs: Sequence[dg.DagsterRun]) -> set[str]:
        """The Ray nodes on which `runs` were executed."""
        jobs = {job.submission_id: job.driver_node_id for job in self._jobs.list_jobs()}
        nodes = (jobs.get(f"dagster-run-{run.run_id}") for run in runs)
        return {node for node in nodes if node}

    @cached_property
    def _jobs(self) -> JobSubmissionClient:
        return JobSubmissionClient(self.variables["DAGSTER_RAY_ADDRESS"])

    def _nodes(self) -> list[dict[str, Any]]:
        """The nodes that Ray considers alive."""
        answer = requests.get(f"{self.variables['DAGSTER_RAY_ADDRESS']}/api/v0/nodes", timeout=30)
        nodes: list[dict[str, Any]] = answer.json()["data"]["result"]["result"]
        return [node for node in nodes if node["state"] == "ALIVE"]


def home_environment(folder: Path, host: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of `host`, with a home of its own."""
    home = folder / host
    home.mkdir(exist_ok=True)
    shutil.copyfile(folder / "dagster.yaml", home / "dagster.yaml")
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
    """Set the variables `names` in this process: Dagster's instance reads them from the environment that opens it."""
    os.environ.update({name: variables[name] for name in names})
    try:
        yield
    finally:
        for name in names:
            del os.environ[name]


@contextmanager
def run_cluster(
    folder: Path, binaries: Path, settings: Mapping[str, str], *, nodes: int = len(HOSTS)
) -> Iterator[Cluster]:
    """Start all services in the order in which they are needed; stop them at the end of the block."""
    write_instance(PROJECT / "deploy" / "dagster-ray.yaml", folder, nodes * PROCESSORS)
    with ExitStack() as stack:
        dagster_db = stack.enter_context(run_postgres(binaries))
        catalog = stack.enter_context(run_postgres(binaries))
        store = stack.enter_context(run_object_store(folder / "store"))
        ports = {name: free_port() for name in ("ray", "dashboard", "code", "webserver")}
        url = dagster_db.dsn_url(dagster_db.create_database())
        variables = {
            **settings,
            **store.variables,
            "CLEARGRID_WAREHOUSE": f"ducklake:postgres:{catalog.dsn(catalog.create_database())}",
            "CLEARGRID_LAKE_DATA": BUCKET_DATA,
            "DAGSTER_POSTGRES_URL": url,
            "DAGSTER_RAY_ADDRESS": f"http://127.0.0.1:{ports['dashboard']}",
        }
        (folder / "workspace.yaml").write_text(WORKSPACE.format(port=ports["code"]), encoding="utf-8")
        stack.enter_context(_variables(variables, "DAGSTER_POSTGRES_URL", "DAGSTER_RAY_ADDRESS"))
        environment = home_environment(folder, "services", variables)
        instance = stack.enter_context(dg.DagsterInstance.from_config(environment["DAGSTER_HOME"]))
        cluster = Cluster(folder, catalog, store, variables, instance, ports)
        stack.enter_context(
            _service(
                "host-one", _head(ports), home_environment(folder, "host-one", variables), folder, ports["dashboard"]
            )
        )
        for host in HOSTS[1:nodes]:
            stack.callback(kill_host, host)
            cluster.start_node(host)
        wait_until("Ray accepts jobs", cluster.accepts_jobs, START_SECONDS)
        workspace = ["-w", str(folder / "workspace.yaml")]
        code = ["-h", "127.0.0.1", "-p", str(ports["code"]), "-m", "cleargrid_assets.definitions"]
        webserver = ["-h", "127.0.0.1", "-p", str(ports["webserver"]), *workspace]
        for name, arguments in {
            "code": ["dagster", "code-server", "start", *code],
            "daemon": ["dagster-daemon", "run", *workspace],
            "webserver": ["dagster-webserver", *webserver],
        }.items():
            stack.enter_context(_service(name, arguments, environment, folder, ports.get(name)))
        yield cluster


def _head(ports: Mapping[str, int]) -> list[str]:
    return [
        "ray", "start", "--head", *_node_arguments(), "--node-ip-address=127.0.0.1", f"--port={ports['ray']}",
        f"--ray-client-server-port={free_port()}", "--include-dashboard=true", "--dashboard-host=127.0.0.1",
        f"--dashboard-port={ports['dashboard']}",
    ]  # fmt: skip


def _node_arguments() -> list[str]:
    """Arguments that two nodes on one machine need: each has its own port for the agent that starts jobs."""
    return ["--block", f"--num-cpus={PROCESSORS}", f"--dashboard-agent-listen-port={free_port()}"]


@contextmanager
def _service(
    name: str, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, port: int | None
) -> Iterator[None]:
    with service([executable(arguments[0]), *arguments[1:]], environment, folder / f"{name}.log", name):
        if port is not None:
            wait_until(f"{name} answers", lambda: is_listening(port), START_SECONDS)
        yield
