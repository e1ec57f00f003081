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

DEPLOY = Path(__file__).parents[2] / "deploy"
INSTANCES = ("dagster-ray.yaml", "dagster-kubernetes.yaml")
TEMPLATES = sorted(path for path in DEPLOY.iterdir() if path.is_file())
SECRET = re.compile(r"(?i)(?:password|secret_access_key|secretkey)\s*[:=]\s*(?![{$\"']*\$\{)[\"']?[\w-]+")


@pytest.fixture(autouse=True)
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the variables that the configurations read from the environment."""
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql+psycopg2://user@host/database")
    monkeypatch.setenv("DAGSTER_RAY_ADDRESS", "http://head:8265")


def read(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    return loaded


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
    for name in ("code", "daemon", "webserver", "ray-head", "ray-node"):
        environment = services[name]["environment"]
        assert environment["CLEARGRID_PASSWORD"].startswith("${CLEARGRID_PASSWORD:?"), name
        assert environment["CLEARGRID_WAREHOUSE"].startswith("ducklake:postgres:"), name


def test_the_image_runs_as_nobody_in_particular() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    last_user = [line for line in lines if line.startswith("USER ")][-1]
    assert last_user == "USER platform"
    assert lines.index(last_user) < next(index for index, line in enumerate(lines) if line.startswith("CMD "))
