"""The requirements files match `pyproject.toml`. The tests contact no package registry."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PROJECT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
FILES = sorted((PROJECT / "requirements").glob("*.txt"))
PIN = re.compile(r"^(?P<name>[\w.-]+)(?:\[[\w,-]+\])?==(?P<version>\S+)")

SETS = {
    "demo": ([], ["build"]),
    "development": ([], ["dev"]),
    "lake": (["lake"], ["build"]),
    "distributed": (["distributed"], ["build"]),
    "distributed-development": (["distributed"], ["dev-distributed"]),
}
"""The extras and dependency groups of each file, as `make lock` names them."""

ALONE = {"dbt": "dbt"}
"""Files of a group without the package, and that group."""


def pins(path: Path) -> dict[str, str]:
    """Each package of a requirements file and its version."""
    matches = [PIN.match(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {canonicalize_name(pin["name"]): pin["version"] for pin in matches if pin}


def requirements_of(extras: Iterable[str], groups: Iterable[str]) -> Iterator[Requirement]:
    """The requirements in `pyproject.toml`: the package's own, those of the extras, and those of the groups."""
    project = PYPROJECT["project"]
    yield from map(Requirement, project["dependencies"])
    for extra in extras:
        for requirement in map(Requirement, project["optional-dependencies"][extra]):
            if requirement.name == project["name"]:
                yield from requirements_of(requirement.extras, [])
            else:
                yield requirement
    for group in groups:
        for entry in PYPROJECT["dependency-groups"][group]:
            if isinstance(entry, dict):
                yield from requirements_of([], [entry["include-group"]])
            else:
                yield Requirement(entry)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_requirements_file_names_no_place_that_packages_come_from(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "://" in line or line.startswith("-") or " @ " in line] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_pinned_version_has_the_hashes_of_its_files(path: Path) -> None:
    blocks = re.split(r"^(?=\w)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(path)) > 0
    assert [block for block in blocks if not re.search(r"^    --hash=sha256:[0-9a-f]{64}", block, re.MULTILINE)] == []


@pytest.mark.parametrize("name", SETS)
def test_a_requirements_file_has_a_fitting_version_of_each_package_that_pyproject_asks_for(name: str) -> None:
    versions = pins(PROJECT / "requirements" / f"{name}.txt")
    extras, groups = SETS[name]
    mismatches = [
        str(requirement)
        for requirement in requirements_of(extras, groups)
        if not requirement.specifier.contains(versions.get(canonicalize_name(requirement.name), "0"))
    ]
    assert mismatches == [], "make lock"


@pytest.mark.parametrize(
    ("part", "whole"),
    [("demo", "development"), ("lake", "distributed"), ("distributed", "distributed-development")],
)
def test_people_get_the_versions_that_were_tested(part: str, whole: str) -> None:
    wanted, tested = (pins(PROJECT / "requirements" / f"{name}.txt") for name in (part, whole))
    assert wanted.items() - tested.items() == set()


@pytest.mark.parametrize("name", ALONE)
def test_a_requirements_file_without_the_package_has_a_fitting_version_of_each_of_its_group(name: str) -> None:
    versions = pins(PROJECT / "requirements" / f"{name}.txt")
    requirements = map(Requirement, PYPROJECT["dependency-groups"][ALONE[name]])
    assert all(
        requirement.specifier.contains(versions[canonicalize_name(requirement.name)]) for requirement in requirements
    )


def test_there_is_a_requirements_file_for_each_set_and_no_other() -> None:
    assert {path.stem for path in FILES} == {*SETS, *ALONE}


def test_ci_tests_each_python_version_that_the_package_declares() -> None:
    prefix = "Programming Language :: Python :: "
    numbers = [line.removeprefix(prefix) for line in PYPROJECT["project"]["classifiers"] if line.startswith(prefix)]
    declared = [number for number in numbers if re.fullmatch(r"3\.\d+", number)]
    workflow = yaml.safe_load((PROJECT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    assert workflow["jobs"]["check"]["strategy"]["matrix"]["python"] == declared
