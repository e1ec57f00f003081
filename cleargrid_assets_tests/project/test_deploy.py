"""The files in `deploy/` fit Dagster's own schemas and hold no secret. No container or cluster is started."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._config import process_config, resolve_to_config_type
from dagster._core.instance.config import dagster_instance_config_schema

from cleargrid_assets.commands.services import LONG_TIMEOUT

DEPLOY = Path(__file__).parents[2] / "deploy"
INSTANCES = ("dagster-ray.yaml", "dagster-kubernetes.yaml")
PLATFORM_SERVICES = ("code", "daemon", "webserver", "ray-head", "ray-node")
TEMPLATES = sorted(path for path in DEPLOY.iterdir() if path.is_file())
SECRET = re.compile(r"(?i)(?:password|secret_access_key|secretkey)\s*[:=]\s*(?![{$\"']*\$\{)[\"']?[\w-]*\w")


@pytest.fixture(autouse=True)
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the variables that the configurations read from the environment."""
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql+psycopg2://user@host/database")
    monkeypatch.setenv("DAGSTER_RAY_ADDRESS", "http://head:8265")


def read(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    return loaded


def compose_setting(name: str) -> str:
    value: str = read("compose.yaml")["services"]["daemon"]["environment"][name]
    return value


def problems(config_type: Any, config: Any) -> list[str]:
    evaluated = process_config(resolve_to_config_type(config_type), config)
    return [error.message for error in evaluated.errors or []]


def launcher(config: dict[str, Any]) -> Any:
    module = config["run_launcher"]["module"]
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is of the extra distributed: make test-lake runs it")
    return getattr(importlib.import_module(module), config["run_launcher"]["class"])


@pytest.mark.parametrize("name", INSTANCES)
def test_an_instance_fits_dagsters_schema(name: str) -> None:
    config = read(name)
    if importlib.util.find_spec("dagster_postgres") is None:
        config.pop("storage")
    assert problems(dagster_instance_config_schema(), config) == []


@pytest.mark.parametrize("name", INSTANCES)
def test_a_launchers_configuration_fits_its_own_schema_and_a_typing_error_does_not(name: str) -> None:
    config = read(name)
    schema = launcher(config).config_type()
    assert problems(schema, config["run_launcher"]["config"]) == []
    assert problems(schema, {**config["run_launcher"]["config"], "adress": "typing error"})


@pytest.mark.parametrize("name", INSTANCES)
def test_a_run_whose_host_died_is_started_anew_and_one_that_failed_is_not(name: str) -> None:
    config = read(name)
    assert config["run_retries"] == {"enabled": True, "max_retries": 2, "retry_on_asset_or_op_failure": False}
    assert config["run_monitoring"]["enabled"]
    assert config["run_monitoring"]["max_resume_run_attempts"] == 0
    assert config["run_monitoring"]["free_slots_after_run_end_seconds"] > 0


def test_runs_of_one_month_wait_for_each_other_wherever_they_are_queued() -> None:
    limit = {"key": "dagster/partition", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
    for name in INSTANCES:
        assert read(name)["concurrency"]["runs"]["tag_concurrency_limits"] == [limit]
    helm = read("helm-values.yaml")["dagsterDaemon"]["runCoordinator"]["config"]["queuedRunCoordinator"]
    assert helm["tagConcurrencyLimits"] == [limit]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_nothing_secret_is_written_down(path: Path) -> None:
    assert SECRET.findall(path.read_text(encoding="utf-8")) == []


def test_every_service_of_the_compose_file_gets_its_secrets_from_the_environment() -> None:
    services = read("compose.yaml")["services"]
    for name in PLATFORM_SERVICES:
        environment = services[name]["environment"]
        assert environment["CLEARGRID_PASSWORD"].startswith("${CLEARGRID_PASSWORD:?"), name
        assert environment["CLEARGRID_WAREHOUSE"].startswith("ducklake:postgres:"), name


def test_the_images_build_gets_the_files_that_it_copies_and_no_others() -> None:
    """Not the `.env` files, the data and the environments beside them."""
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    ignored = (DEPLOY.parent / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[1] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == set(" ".join(copied).split())


def test_the_image_runs_as_nobody_in_particular() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    last_user = [line for line in lines if line.startswith("USER ")][-1]
    assert last_user == "USER 10001"  # by number: Kubernetes cannot tell from a name that it is not root
    assert any(line.startswith("RUN useradd ") and "--uid 10001" in line for line in lines)
    assert lines.index(last_user) < next(index for index, line in enumerate(lines) if line.startswith("CMD "))


def test_the_image_lets_ray_report_nothing() -> None:
    assert "RAY_USAGE_STATS_ENABLED=0" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*INSTANCES, "helm-values.yaml"])
def test_dagsters_telemetry_is_off(name: str) -> None:
    assert read(name)["telemetry"] == {"enabled": False}


def test_the_image_and_the_charts_own_services_wait_for_a_busy_code_server() -> None:
    ((name, seconds),) = LONG_TIMEOUT.items()
    assert f"{name}={seconds}" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    helm = read("helm-values.yaml")
    assert helm["dagsterDaemon"]["env"] == helm["dagsterWebserver"]["env"] == LONG_TIMEOUT


def test_dagsters_storage_uses_the_driver_that_the_image_installs() -> None:
    assert read("helm-values.yaml")["postgresql"]["postgresqlScheme"] == "postgresql+psycopg2"
    assert compose_setting("DAGSTER_POSTGRES_URL").startswith("postgresql+psycopg2://")


def test_a_database_password_may_have_any_character_because_no_address_holds_it() -> None:
    assert "PASSWORD" not in compose_setting("DAGSTER_POSTGRES_URL")
    assert compose_setting("PGPASSWORD") == "${POSTGRES_PASSWORD:?choose one}"


def test_the_head_of_the_file_names_every_object_that_a_pod_needs() -> None:
    text = (DEPLOY / "dagster-kubernetes.yaml").read_text(encoding="utf-8")
    config = read("dagster-kubernetes.yaml")["run_launcher"]["config"]
    objects = [f"namespace `{config['job_namespace']}`", f"service account `{config['service_account_name']}`"]
    objects += [f"secret `{name}`" for name in config["env_secrets"]]
    objects += [f"config map `{name}`" for name in config.get("env_config_maps", [])]
    assert [name for name in objects if name not in text.split("telemetry:")[0]] == []


def test_a_run_of_the_chart_gets_the_memory_of_any_other_pod() -> None:
    """The chart lets the code server's resources override those of the launcher."""
    helm = read("helm-values.yaml")
    (code_server,) = helm["dagster-user-deployments"]["deployments"]
    assert code_server["resources"] == read("dagster-kubernetes.yaml")["run_launcher"]["config"]["resources"]
    assert "resources" not in helm["runLauncher"]["config"]["k8sRunLauncher"]


def test_the_compose_files_ray_nodes_can_start_all_runs_at_once() -> None:
    node = read("compose.yaml")["services"]["ray-node"]
    processors = int(re.findall(r"--num-cpus=(\d+)", node["command"])[0])
    runs = read("dagster-ray.yaml")["concurrency"]["runs"]["max_concurrent_runs"]
    assert node["deploy"]["replicas"] * processors >= runs


def test_postgres_is_healthy_only_once_it_listens_for_other_containers() -> None:
    """While it sets up its databases, it listens on a socket of its own container only."""
    probe = read("compose.yaml")["services"]["postgres"]["healthcheck"]["test"]
    assert probe[probe.index("-h") + 1] == "127.0.0.1"


def test_without_its_store_the_compose_file_is_complete_and_takes_another_bucket_and_a_role() -> None:
    services = read("compose.yaml")["services"]
    del services["store"], services["bucket"]
    assert {needed for service in services.values() for needed in service.get("depends_on", ())} <= services.keys()
    assert compose_setting("CLEARGRID_LAKE_DATA").startswith("${CLEARGRID_LAKE_DATA:-")
    assert compose_setting("AWS_ENDPOINT_URL").startswith("${AWS_ENDPOINT_URL-")  # empty is Amazon's
    assert compose_setting("AWS_ACCESS_KEY_ID") == "${AWS_ACCESS_KEY_ID:-}"
    assert compose_setting("AWS_SECRET_ACCESS_KEY") == "${AWS_SECRET_ACCESS_KEY:-}"


def test_a_lenders_own_files_are_where_every_run_finds_them() -> None:
    services = read("compose.yaml")["services"]
    assert all("./lender:/home/platform/lender:ro" in services[name]["volumes"] for name in PLATFORM_SERVICES)


def test_every_image_has_a_tag_other_than_latest() -> None:
    services = read("compose.yaml")["services"].values()
    images = {service["image"] for service in services if "build" not in service}
    images.add(read("dagster-kubernetes.yaml")["run_launcher"]["config"]["job_image"])
    (code_server,) = read("helm-values.yaml")["dagster-user-deployments"]["deployments"]
    images.add(f"{code_server['image']['repository']}:{code_server['image']['tag']}")
    assert {image for image in images if image.partition(":")[2] in ("", "latest")} == set()
