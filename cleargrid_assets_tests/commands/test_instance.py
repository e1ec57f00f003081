"""Each environment has its own Dagster history, with the shipped instance settings and no orphaned run."""

from __future__ import annotations

import click
import dagster as dg
import pytest

from cleargrid_assets.assets.cleargrid import API_POOL
from cleargrid_assets.commands.instance import (
    EMULATOR,
    PROJECT,
    cancel_leftovers,
    dagster_home,
    fail_orphans,
    home_path,
    limit_loads,
    open_instance,
    without_settings,
)

PACKAGE = PROJECT / "cleargrid_assets" / "commands"


@pytest.mark.parametrize("name", ["dagster.yaml", "workspace.yaml"])
def test_the_file_of_the_checkout_and_that_of_the_package_are_one_text(name):
    assert (PROJECT / name).read_bytes() == (PACKAGE / name).read_bytes()


def test_the_emulators_history_is_apart_from_a_real_environments(monkeypatch, clean_environment):
    assert home_path(EMULATOR) != home_path("production") == clean_environment / ".dagster"
    monkeypatch.setenv("DAGSTER_HOME", str(clean_environment / "elsewhere"))
    assert home_path("production") == clean_environment / "elsewhere"
    assert home_path(EMULATOR) == clean_environment / ".dagster" / "emulator"


def test_a_history_has_the_shipped_files_and_keeps_those_that_somebody_wrote(monkeypatch, clean_environment):
    assert (dagster_home("production") / "dagster.yaml").read_bytes() == (PACKAGE / "dagster.yaml").read_bytes()
    own = clean_environment / "own"
    own.mkdir()
    (own / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    monkeypatch.setenv("DAGSTER_HOME", str(own))
    assert (dagster_home("production") / "dagster.yaml").read_text() == "telemetry:\n  enabled: false\n"
    assert (own / "workspace.yaml").exists()


def test_variables_of_the_shell_are_left_out_of_an_emulators_environment():
    assert without_settings({"CLEARGRID_PASSWORD": "x", "PATH": "/bin"}) == {"PATH": "/bin"}


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("history/runs.db", b"garbage" * 1000, "file is not a database"),
        ("history/runs/index.db", b"garbage" * 1000, "file is not a database"),
        ("dagster.yaml", b"telemetry: [", "while parsing"),
        ("dagster.yaml", b"telemetry: {}  # caf\xe9", "'utf-8' codec can't decode"),
        ("dagster.yaml", b"telemetri: 1", "Errors whilst loading dagster instance config"),
    ],
)
def test_a_history_that_cannot_be_used_is_named_and_may_be_moved_away(file, content, reason):
    home = dagster_home(EMULATOR)
    with open_instance(home) as instance:
        limit_loads(instance, 1)
    (home / file).write_bytes(content)
    message = rf"Dagster's history in {home} cannot be used: .*{reason}.* move the folder away"
    with pytest.raises(click.ClickException, match=message), open_instance(home) as instance:
        limit_loads(instance, 1)


@pytest.fixture
def instance():
    with dg.DagsterInstance.from_config(str(dagster_home(EMULATOR))) as instance:
        yield instance


def test_orphaned_runs_end_when_the_daemon_starts_and_others_are_left(instance):
    runs = {status: add_run(instance, status) for status in ("STARTED", "CANCELING", "NOT_STARTED")}
    fail_orphans(instance)
    statuses = {status: instance.get_run_by_id(run).status.value for status, run in runs.items()}
    assert statuses == {"STARTED": "FAILURE", "CANCELING": "CANCELED", "NOT_STARTED": "NOT_STARTED"}


@pytest.mark.parametrize("clear", [fail_orphans, cancel_leftovers])
def test_a_run_whose_process_died_gives_back_its_slot_in_the_pool(instance, clear):
    limit_loads(instance, 1)
    storage = instance.event_log_storage
    assert storage.claim_concurrency_slot(API_POOL, add_run(instance, "STARTED"), "load").is_claimed
    clear(instance)
    assert storage.get_concurrency_info(API_POOL).active_slot_count == 0


def test_the_limit_of_the_pool_follows_the_setting(instance):
    for loads_at_once in (4, 2, 8):
        limit_loads(instance, loads_at_once)
        assert instance.event_log_storage.get_concurrency_info(API_POOL).slot_count == loads_at_once


def test_runs_that_a_stopped_demo_left_are_canceled_by_the_next_one(instance):
    run = add_run(instance, "STARTED")
    cancel_leftovers(instance)
    assert instance.get_run_by_id(run).status is dg.DagsterRunStatus.CANCELED


def add_run(instance, status):
    """Add a run in a state that a crash of the machine leaves behind."""

    @dg.job
    def refresh_month(): ...

    return instance.create_run_for_job(refresh_month, status=dg.DagsterRunStatus[status]).run_id
