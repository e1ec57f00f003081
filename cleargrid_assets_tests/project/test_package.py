"""The contents of the wheel and the sdist, and the commands of an installed wheel outside a checkout.

The last tests install the wheel into a new environment: `make test-package` runs them, `pytest` skips them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable

PROJECT = Path(__file__).parents[2]
METADATA = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DEMO_REQUIREMENTS = PROJECT / "requirements" / "demo.txt"
ONLY_FOR_THE_HOST = (".ci/", ".github/", ".gitignore", ".pre-commit-config.yaml")
"""What the repository's host and Git read, and nobody else."""

DEMO = ["demo", "--months", "1", "--rows-per-day", "20"]
MONTHS_OF_THE_DEMO = 2  # the closed one and the open one


def test_the_version_is_newer_than_the_last_release_as_soon_as_the_changelog_has_changes_since() -> None:
    _, *sections = re.split(r"^## ", (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    unreleased, last_release, *_ = sections
    version, last_version = Version(METADATA["version"]), Version(last_release[1:].partition("]")[0])
    assert unreleased.startswith("[Unreleased]")
    assert version > last_version if "\n- " in unreleased else version == last_version


@pytest.fixture(scope="session")
def project_files() -> list[str]:
    """Every file of the checkout that Git tracks or does not ignore."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listing_result = subprocess.run(listing, cwd=PROJECT, capture_output=True, text=True, check=False)
    if listing_result.returncode:
        pytest.skip("this is no Git checkout")
    return sorted(name for name in listing_result.stdout.splitlines() if (PROJECT / name).is_file())


@pytest.fixture(scope="session")
def distributions(project_files: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel built from it.

    Built from a copy, because setuptools also packs files that earlier builds left in the checkout.
    """
    folder = tmp_path_factory.mktemp("distributions")
    source = tmp_path_factory.mktemp("source")
    for name in project_files:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / name, source / name)
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, source], source)
    return folder


@pytest.fixture(scope="session")
def wheel(distributions: Path) -> Path:
    (path,) = distributions.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def wheel_files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="session")
def sdist_files(distributions: Path) -> set[str]:
    """The sdist's files, without its top folder."""
    (path,) = distributions.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {member.name.split("/", 1)[1] for member in archive if member.isfile()}


@pytest.fixture(scope="session")
def environment(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a new environment that holds the wheel and the versions of `make demo`."""
    if not request.config.getoption("--package"):
        pytest.skip("make test-package runs it")
    folder = tmp_path_factory.mktemp("environment")
    install = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
    run([sys.executable, "-m", "venv", folder], folder)
    run([*install, "--only-binary", ":all:", "--require-hashes", "--requirement", DEMO_REQUIREMENTS], folder)
    run([*install, "--no-deps", wheel], folder)
    return folder / "bin"


@pytest.fixture(scope="module")
def demo(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the wheel's demo ran; it was empty before."""
    folder = tmp_path_factory.mktemp("empty")
    run([environment / "cleargrid", *DEMO], folder)
    return folder


def run(arguments: Iterable[str | Path], folder: Path) -> str:
    """Run a command and return its output; if it fails, the test fails with that output."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("CLEARGRID_", "DAGSTER_"))}
    result = subprocess.run(
        [str(argument) for argument in arguments],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def test_the_wheel_holds_every_file_of_the_package(project_files: list[str], wheel_files: set[str]) -> None:
    package = {name for name in project_files if name.startswith("cleargrid_assets/")}
    assert {Path(name).suffix for name in package} >= {".py", ".sql", ".csv", ".html", ".css", ".typed"}
    assert package - wheel_files == set()


def test_the_wheel_holds_the_instances_template_and_the_licence(wheel_files: set[str]) -> None:
    names = [Path(name).name for name in wheel_files]
    assert names.count("dagster.yaml") == 1
    assert names.count("LICENSE") == 1


def test_the_wheel_holds_nothing_but_the_package(wheel_files: set[str]) -> None:
    folders = {name.split("/")[0] for name in wheel_files}
    assert folders == {"cleargrid_assets", f"cleargrid_assets-{METADATA['version']}.dist-info"}


def test_the_sdist_holds_what_the_repository_holds(project_files: list[str], sdist_files: set[str]) -> None:
    expected_files = {name for name in project_files if not name.startswith(ONLY_FOR_THE_HOST)}
    assert {
        "LICENSE",
        "requirements/demo.txt",
        "docs/runbook.md",
        "cleargrid_assets_tests/conftest.py",
    } <= expected_files
    assert expected_files - sdist_files == set()


def test_the_licence_is_the_whole_text_of_apache_2() -> None:
    text = (PROJECT / "LICENSE").read_text(encoding="utf-8")
    assert METADATA["license"] == "Apache-2.0"
    assert text.split("\n")[1:3] == [f"{' ' * 33}Apache License", f"{' ' * 27}Version 2.0, January 2004"]
    assert [number for number in range(1, 10) if f"\n   {number}. " not in text] == []
    assert "END OF TERMS AND CONDITIONS" in text
    assert text.endswith("limitations under the License.\n")


def test_the_installed_command_says_its_version(environment: Path, tmp_path: Path) -> None:
    assert METADATA["version"] in run([environment / "cleargrid", "--version"], tmp_path)


def test_the_hashed_versions_are_what_the_wheel_asks_for(environment: Path, tmp_path: Path) -> None:
    assert "No broken requirements found" in run([environment / "python", "-m", "pip", "check"], tmp_path)


def test_dagster_loads_the_definitions_of_the_installed_package(environment: Path, tmp_path: Path) -> None:
    run([environment / "dagster", "definitions", "validate", "-m", "cleargrid_assets.definitions"], tmp_path)


def test_the_demo_of_the_installed_package_lands_its_months_in_an_empty_folder(demo: Path) -> None:
    assert (demo / "data" / "emulator.duckdb").is_file()
    assert (demo / "reports" / "emulator" / "latest.html").is_file()
    assert list((demo / "data" / "published" / "emulator").glob("*.parquet"))


def test_status_lists_the_months_of_that_demo_with_no_variable_set(environment: Path, demo: Path) -> None:
    months = json.loads(run([environment / "cleargrid", "status", "--json"], demo))
    loaded = [month for month in months if month["state"] != "missing"]
    assert len(loaded) == MONTHS_OF_THE_DEMO
    assert [month["checks_failed"] for month in loaded] == [[], []]


@pytest.mark.usefixtures("demo")
def test_the_demo_leaves_no_process_running(environment: Path, tmp_path: Path) -> None:
    processes = run(["ps", "-A", "-o", "args"], tmp_path).splitlines()
    assert [process for process in processes if str(environment) in process] == []
