"""Where values come from: the process's environment over the `.env` of the working directory.

Merging and naming misspelt variables belong here; what a variable means is in `settings`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import dotenv_values
from dotenv.parser import parse_stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dotenv.parser import Binding, Original

FILE = ".env"
PREFIX = "CLEARGRID_"
NOT_TEXT = "{} is not a UTF-8 text file; save it as one"
OF_KUBERNETES = re.compile(rf"{PREFIX}(.+_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_.+)?)")
"""What Kubernetes puts into every pod for each service whose name begins with `cleargrid`."""


@dataclass(frozen=True)
class EnvFile:
    """A `.env`: its values; the copies that Dagster's commands make of them; and sentences about what is unreadable."""

    values: Mapping[str, str] = field(default_factory=dict)
    copies: Mapping[str, str | None] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def read_variables() -> tuple[dict[str, str], frozenset[str], tuple[str, ...]]:
    """All variables, the names that come from `.env`, and what is unreadable in it.

    Dagster's own commands copy `.env` into their environment, with `${...}` expanded: a value that equals such a copy
    is the file's, so that a `$` in a password stays a `$` in their runs.
    """
    file = read_file(Path(FILE))
    own = {name: value for name, value in os.environ.items() if value.strip() and value != file.copies.get(name)}
    return {**os.environ, **file.values, **own}, frozenset(file.values.keys() - own.keys()), file.problems


def read_file(path: Path) -> EnvFile:
    """Quotes, comments and `export` are read as python-dotenv reads them; `$` is literal; an empty value is not set."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return EnvFile()
    except OSError as error:
        return EnvFile(problems=(f"{path} cannot be read ({error.strerror}); correct its permissions or remove it",))
    except UnicodeDecodeError:
        return EnvFile(problems=(NOT_TEXT.format(path),))
    if "\0" in text:  # text in UTF-16, for example; no process takes such a value
        return EnvFile(problems=(NOT_TEXT.format(path),))
    lines = list(parse_stream(StringIO(text)))
    values = {line.key: line.value for line in lines if line.key and line.value and line.value.strip()}
    problems = tuple(_unreadable(path, line.original) for line in lines if _is_no_assignment(line))
    return EnvFile(values, dotenv_values(stream=StringIO(text)), problems)


def _is_no_assignment(line: Binding) -> bool:
    return line.error or (line.key is not None and line.value is None)


def _unreadable(path: Path, original: Original) -> str:
    """The parser puts the empty lines before a line into it."""
    number = original.line + original.string[: -len(original.string.lstrip())].count("\n")
    return f"{path}, line {number}, is not NAME=value; correct it, or start it with # to make it a comment"


def unknown_names(variables: Mapping[str, str], known: Iterable[str]) -> Iterator[str]:
    """A sentence for each variable that looks like a setting but is not one, with the most similar name."""
    suffixes = [name.removeprefix(PREFIX) for name in known]
    for name, value in sorted(variables.items()):
        suffix = name.removeprefix(PREFIX)
        if suffix in suffixes or suffix == name or not value.strip() or OF_KUBERNETES.fullmatch(name):
            continue
        (nearest,) = get_close_matches(suffix, suffixes, n=1, cutoff=0)
        yield f"{name} is not a setting of cleargrid_assets; did you mean {PREFIX}{nearest}?"
