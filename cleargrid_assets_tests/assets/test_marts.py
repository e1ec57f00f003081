"""A lender's own `.sql` files become tables with months, checks, lineage and comments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import duckdb
import openpyxl
import pytest

from cleargrid_assets.assets.reports.publication.database import DATABASE
from cleargrid_assets.assets.reports.publication.workbook import WORKBOOK
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.jobs import COMPUTE_MONTH, REFRESH_SUMMARY
from cleargrid_assets.settings import Settings
from cleargrid_assets_tests.assets.example_marts import BEST_MONTH, CHECK, LARGE, PROMISES, RATES
from cleargrid_assets_tests.platform_copies import compute_months
from cleargrid_assets_tests.platform_under_test import MAY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

HUGE = "100000000000000000001::HUGEINT"
APRIL = "2026-04-01"
EXPECTED = """
SELECT month, interaction_source, count(*) FILTER (WHERE is_promise AND in_scope)
FROM core.contact_attempts GROUP BY ALL ORDER BY ALL
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "marts"
    path.mkdir()
    return path


@pytest.fixture
def with_marts(start_after: Callable[..., Platform], folder: Path) -> Callable[..., Platform]:
    """A platform on which months were computed before it got these marts."""

    def start(marts: Mapping[str, str], *months: str) -> Platform:
        for name, text in marts.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        return start_after(compute_months, *months).with_variables(CLEARGRID_MARTS=str(folder))

    return start


def test_a_mart_is_computed_checked_and_commented_with_the_other_tables_of_its_month(
    with_marts: Callable[..., Platform],
) -> None:
    platform = with_marts({"promises.sql": PROMISES, "promises/nobody_makes_that_many.sql": CHECK})
    compute_months(platform, APRIL)
    run = platform.refresh(MAY)
    assert run.success
    assert platform.query("SELECT month, interaction_source, promises FROM marts.promises ORDER BY ALL") == (
        platform.query(EXPECTED)
    )
    found = {
        check.check_name: check.passed
        for check in run.get_asset_check_evaluations()
        if check.asset_key == dg.AssetKey(["marts", "promises"])
    }
    assert found == {"every_row_is_alone_in_its_grain": True, "nobody_makes_that_many": False}
    assert [event.step_key for event in run.all_events if event.is_step_success].count("month_tables") == 1
    comments = "SELECT comment FROM duckdb_columns() WHERE table_name = 'promises' AND column_name = 'promises'"
    assert platform.query(comments) == [("Promises to pay made in the month.",)]
    assert platform.query("SELECT comment FROM duckdb_tables() WHERE table_name = 'promises'") == [
        ("Promises of each pool, as the weekly review wants them.",)
    ]


def test_a_mart_is_in_the_lineage_with_its_columns(folder: Path) -> None:
    (folder / "promises.sql").write_text(PROMISES)
    (folder / "best_month.sql").write_text(BEST_MONTH)
    graph = build_definitions(Settings({"CLEARGRID_MARTS": str(folder)})).resolve_asset_graph()
    mart, whole = (graph.get(dg.AssetKey(["marts", name])) for name in ("promises", "best_month"))
    assert mart.parent_keys == {dg.AssetKey(["core", "contact_attempts"])}
    assert mart.partitions_def is not None
    assert whole.parent_keys == {mart.key}
    assert whole.partitions_def is None
    assert graph.get(dg.AssetKey(["reports", "published_tables"])).parent_keys >= {mart.key, whole.key}
    columns = [column.name for column in mart.metadata["dagster/column_schema"].columns]
    assert columns == ["month", "interaction_source", "promises", "rules_version"]


def test_an_asset_of_another_project_can_read_every_mart(with_marts: Callable[..., Platform]) -> None:
    platform = with_marts({"promises.sql": PROMISES, "best_month.sql": BEST_MONTH}, MAY)
    assert platform.run_job(COMPUTE_MONTH, MAY).success
    assert platform.run_job(REFRESH_SUMMARY).success
    for name, month in (("promises", MAY), ("best_month", None)):
        key = dg.AssetKey(["marts", name])
        rows = platform.definitions.load_asset_value(key, partition_key=month, instance=platform.instance)
        assert len(rows) == platform.query(f"SELECT count(*) FROM marts.{name}")[0][0] > 0


def test_new_and_changed_marts_are_computed_for_all_months_and_nothing_of_ours_is_stale(
    with_marts: Callable[..., Platform], folder: Path
) -> None:
    platform = with_marts({"promises.sql": PROMISES, "large.sql": LARGE, "best_month.sql": BEST_MONTH}, APRIL, MAY)
    follow(platform)
    assert platform.query("SELECT DISTINCT month::VARCHAR FROM marts.large ORDER BY ALL") == [(APRIL,), (MAY,)]
    assert platform.query("SELECT count(*) > 0 FROM marts.best_month") == [(True,)]
    assert platform.requested_runs() == []
    (folder / "promises.sql").write_text(PROMISES.replace("is_promise AND", "is_rpc AND"))
    changed = platform.with_variables()
    before = rules(changed, "analytics.outcome_mix")
    follow(changed)
    assert rules(changed, "analytics.outcome_mix") == before
    assert len(rules(changed, "marts.promises")) == 1
    assert changed.query("SELECT sum(promises) FROM marts.promises") == changed.query(
        "SELECT count(*) FROM core.contact_attempts WHERE is_rpc AND in_scope"
    )


def follow(platform: Platform) -> None:
    """What the sensor does until nothing is stale."""
    months = platform.requested_runs()
    assert {request.job_name for request in months} == {COMPUTE_MONTH}
    assert {request.partition_key for request in months} == {APRIL, MAY}
    for request in months:
        assert platform.run_job(COMPUTE_MONTH, request.partition_key, request.tags).success
    (summary,) = platform.requested_runs()
    assert summary.job_name == REFRESH_SUMMARY
    assert platform.run_job(REFRESH_SUMMARY, tags=summary.tags).success


def rules(platform: Platform, table: str) -> list[tuple[str]]:
    return platform.query(f"SELECT DISTINCT rules_version FROM {table}")


def test_a_load_that_finds_nothing_changed_writes_only_marts_of_figures_that_depend_on_its_time(
    with_marts: Callable[..., Platform],
) -> None:
    platform = with_marts({"promises.sql": PROMISES, "rates.sql": RATES})
    compute_months(platform, MAY)
    run = platform.refresh(MAY)
    assert run.success
    written = {event.asset_key.path[-1] for event in run.all_events if event.is_step_materialization}
    assert {"kpi_monthly", "rates"} <= written
    assert not {"promises", "outcome_mix"} & written


def test_a_month_that_a_mart_has_no_row_for_is_not_computed_again(with_marts: Callable[..., Platform]) -> None:
    platform = with_marts(
        {"none.sql": PROMISES.replace("FROM core.contact_attempts", "FROM core.contact_attempts WHERE FALSE")}
    )
    compute_months(platform, MAY)
    written = {event.asset_key.path[-1] for event in platform.refresh(MAY).all_events if event.is_step_materialization}
    assert "outcome_mix" not in written


def test_marts_are_published_and_missing_months_of_theirs_are_named(with_marts: Callable[..., Platform]) -> None:
    platform = with_marts({"promises.sql": PROMISES, "best_month.sql": BEST_MONTH})
    compute_months(platform, MAY)
    assert platform.run_job(REFRESH_SUMMARY).success
    published = Path(platform.warehouse.location, "published", "emulator")
    with duckdb.connect(published / DATABASE, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM marts.promises").fetchall() == platform.query(
            "SELECT count(*) FROM marts.promises"
        )
    (published / "promises.parquet").unlink()
    run = platform.run_job("check_months")
    missing = [
        check.metadata["missing"].value
        for check in run.get_asset_check_evaluations()
        if not check.passed and check.asset_key.path[-1] == "published_tables"
    ]
    assert missing == [["2026-05 in promises.parquet"]]


def test_whatever_names_and_types_a_mart_has_it_is_computed_checked_and_published(
    with_marts: Callable[..., Platform],
) -> None:
    text = (
        '-- All kinds of columns.\n-- Grain: month, order, Pool Name, max("a b")\n-- Inputs: core.contact_attempts\n'
        'SELECT month, 1 AS "order", interaction_source AS "Pool Name", NULL AS nothing, max("a b"), '
        f"sum({HUGE}) AS huge, [sum(1)] AS sums, "
        "list(DISTINCT outcome) AS several, {'a': 1} AS nested, INTERVAL '-1 day' AS span, "
        "max(communicated_at) AT TIME ZONE 'UTC' AS at_zone, 1.5 AS exact, 'a'::ENUM('a', 'b') AS listed, count(*) "
        'FROM core.contact_attempts, (SELECT 1 AS "a b") GROUP BY month, interaction_source'
    )
    long = "a_name_that_is_longer_than_a_sheet_may_be"
    names = ("select", "contents", "history", f"{long}_1", f"{long}_2")
    platform = with_marts({f"{name}.sql": text for name in names})
    compute_months(platform, MAY)
    run = platform.run_job(REFRESH_SUMMARY)
    assert run.success
    published = Path(platform.warehouse.location, "published", "emulator")
    book = openpyxl.load_workbook(published / WORKBOOK)
    assert {long[:31], f"{long[:28]}_2", "contents_2", "history_2", "select"} <= {*book.sheetnames}
    assert [cell.data_type for cell in book["select"][2]] == list("dnsnnnsssssnsns")
    with duckdb.connect(published / DATABASE, read_only=True) as connection:
        for name in names:
            select = f"SELECT huge, sums, span FROM marts.{name} ORDER BY ALL"
            rows = connection.execute(select).fetchall()
            assert rows == platform.query(select)
            assert rows[0][0] % 10**20 == rows[0][1][0] > 0


def test_a_mart_with_new_columns_is_published_once_it_is_computed_and_holds_nothing_up(
    with_marts: Callable[..., Platform], folder: Path
) -> None:
    platform = with_marts({"promises.sql": PROMISES})
    compute_months(platform, MAY)
    renamed = PROMISES.replace("AS promises", "AS made").replace("--   promises:", "--   made:")
    (folder / "promises.sql").write_text(renamed, encoding="utf-8")
    changed = platform.with_variables()
    published = Path(platform.warehouse.location, "published", "emulator", DATABASE)
    for is_computed in (False, True):
        assert changed.run_job(REFRESH_SUMMARY).success
        with duckdb.connect(published, read_only=True) as connection:
            tables = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'marts'").fetchall()
        assert tables == [(is_computed,)]
        compute_months(changed, MAY)


def test_a_check_may_end_in_a_semicolon_and_a_comment(with_marts: Callable[..., Platform]) -> None:
    platform = with_marts(
        {"promises.sql": PROMISES, "promises/pools_are_modest.sql": f"{CHECK.strip()};\n-- that is all\n"}
    )
    assert platform.refresh(MAY).success
