"""The documents name only things that exist, and explain every setting."""

from __future__ import annotations

import ast
import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets.commands.instance import PROJECT
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.settings import SETTINGS, Settings
from cleargrid_assets.settings.documents import BEGIN, EXAMPLE, README, example, with_tables
from cleargrid_assets.settings.setting_types import Group
from cleargrid_assets.tables.catalog import DATASETS

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = PROJECT / "cleargrid_assets"
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((PROJECT / "cleargrid_assets_tests").rglob("*.py"))
BENCHMARKS = sorted((PROJECT / "benchmarks").rglob("*.py"))
DOCUMENTS = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md"))]
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in MODULES)
SQL = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.sql"))
CONFIGURATION = "\n".join((PROJECT / name).read_text(encoding="utf-8") for name in ("dagster.yaml", "pyproject.toml"))
SETTING = re.compile(r"CLEARGRID_[A-Z]+(?:_[A-Z]+)*")
SETTINGS_READ = {setting.name for setting in SETTINGS}
EVERYTHING = build_definitions(Settings({"CLEARGRID_DATASETS": ",".join(DATASETS)}))
ASSETS = {key.to_user_string() for key in EVERYTHING.resolve_asset_graph().get_all_asset_keys()}
METADATA = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PLACE = re.compile(
    r"\b(?:is|are|belongs?|declared|described|started) in `([a-z][\w./]*)`(?:(?:,| and| or) `([a-z][\w./]*)`)?"
    r"|`([a-z][\w.]*)` (?:decides|does|makes|names|prints|reads|runs|says|starts|times|writes)\b"
)
"""Words of a docstring that send the reader to another module."""

PLACES = {
    str(path.with_suffix("") if path.suffix == ".py" else path)
    for folder in (PACKAGE, PROJECT / "cleargrid_assets_tests", PROJECT / "benchmarks")
    for path in (folder, *folder.rglob("[!_.]*"))
}
"""Paths of modules without `.py`, and of packages and other files."""

MADE_BY_RUNNING = ("data", ".dagster", ".venv", ".env", "published", "reports")


def in_code(document: Path) -> list[str]:
    """The code in a document: `words` and blocks."""
    text = document.read_text(encoding="utf-8")
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    return [*re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)), *blocks]


@pytest.fixture(params=DOCUMENTS, ids=lambda path: path.name)
def document(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_documents_name_only_settings_that_are_read(document: Path) -> None:
    assert set(SETTING.findall(document.read_text(encoding="utf-8"))) - SETTINGS_READ == set()


def test_documents_name_only_assets_that_exist(document: Path) -> None:
    names = r"\b(?:raw|core|analytics|reports)/\w+\b(?!/)"
    named = {word for code in in_code(document) for word in re.findall(names, code)}
    paths = {name for name in named for path in (name, f"{name}.py") if (PACKAGE / "assets" / path).exists()}
    assert named - ASSETS - paths == set()


def test_documents_name_only_files_that_exist(document: Path) -> None:
    named = {word for code in in_code(document) for word in re.findall(r"[\w.-]+(?:/[\w.-]+)*/?", code) if "/" in word}
    files = {name for name in named if name.split("/")[0] in {path.name for path in PROJECT.iterdir()}}
    missing = {name for name in files if not (PROJECT / name).exists()}
    assert {name for name in missing if not name.startswith(MADE_BY_RUNNING)} == set()


def test_links_between_documents_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (document.parent / link).exists()] == []


def test_the_readmes_links_work_on_a_package_index_and_lead_to_files_of_this_repository() -> None:
    """A package index resolves no relative link; the repository's own address is the one in pyproject.toml."""
    source = METADATA["urls"]["Source"]
    raw = source.replace("https://github.com", "https://raw.githubusercontent.com")
    links = re.findall(r"\]\(([^)]+)\)", (PROJECT / "README.md").read_text(encoding="utf-8"))
    own = [link for link in links if link.startswith((source, raw))]
    assert [link for link in links if "://" not in link and not link.startswith("#")] == []
    assert len(own) > 10
    paths = [re.sub(rf"^({source}/blob|{raw})/main/|#.*$", "", link) for link in own]
    assert [path for path in paths if not (PROJECT / path).is_file()] == []


def test_documents_name_only_commands_that_exist(document: Path) -> None:
    code = "\n".join(in_code(document))
    targets = set(re.findall(r"^([\w-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([\w-]+)", code)) - targets == set()
    assert (
        set(re.findall(r"(?<![\w./-])(?:\.venv/bin/)?cleargrid ([a-z-]+)\b", code)) - cleargrid.commands.keys() == set()
    )


def test_the_runbook_names_only_things_that_the_code_names_so() -> None:
    named = {
        word
        for code in in_code(PROJECT / "docs" / "runbook.md")
        for word in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", code)
    }
    everything = SOURCE + SQL + CONFIGURATION + " ".join(path.stem for path in PACKAGE.rglob("*.sql"))
    assert {word for word in named if word not in everything} == set()


@pytest.mark.parametrize("name", ["README.md", ".env.example"])
def test_every_setting_is_explained(name: str) -> None:
    assert SETTINGS_READ - set(SETTING.findall((PROJECT / name).read_text(encoding="utf-8"))) == set()


def test_the_example_and_the_readme_say_of_the_settings_what_their_declarations_say() -> None:
    """`python -m cleargrid_assets.settings.documents` writes both."""
    readme = (PROJECT / README).read_text(encoding="utf-8")
    assert (PROJECT / EXAMPLE).read_text(encoding="utf-8") == example()
    assert readme == with_tables(readme)
    assert BEGIN in readme


def test_the_example_settings_are_valid_with_and_without_their_comment_marks(clean_environment: Path) -> None:
    for text in (example(), re.sub("(?m)^#(?=CLEARGRID_)", "", example())):
        (clean_environment / ".env").write_text(text, encoding="utf-8")
        settings = Settings.from_environment()
        settings.validate_sources()
        assert {str(problem).split()[0] for problem in settings.problems(without=[Group.ACCOUNT])} == set()
        assert (settings.environment, settings.timezone, settings.trailing_months) == ("emulator", "UTC", 3)
        assert not settings.is_alerting


@pytest.mark.parametrize("module", [*MODULES, *TESTS], ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_module_is_under_300_lines_and_says_what_belongs_in_it(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 300
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("module", [*MODULES, *TESTS, *BENCHMARKS], ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_module_sends_its_reader_only_to_modules_that_exist(module: Path) -> None:
    docstring = " ".join((ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or "").split())
    named = {name for match in PLACE.findall(docstring) for name in match if name}
    assert {name for name in named if not is_place(name)} == set()


def test_a_module_that_does_not_exist_is_no_place() -> None:
    assert PLACE.findall("The cutting is in `windows`; `landing.month` reads them.") == [
        ("windows", "", ""),
        ("", "", "landing.month"),
    ]
    assert is_place("landing.read_month")
    assert is_place("page.html")
    assert not is_place("landing.month")
    assert not is_place("month")


def is_place(name: str) -> bool:
    """True if the name is the end of a module's dotted name, or of a file's path."""
    ends = (f"/{name.replace('.', '/')}", f"/{name.rstrip('/')}")
    return any(f"/{place}".endswith(ends) for place in PLACES)
