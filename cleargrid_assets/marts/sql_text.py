"""Reads the text of a SELECT: where it ends, and which variables it uses. Tells code from strings and comments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cleargrid_assets.marts.errors import MartError
from cleargrid_assets.tables.table import MONTH

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

VARIABLES: Mapping[str, object] = {"timezone": "UTC", "row_scope": "active", "ptp_maturity_days": 30}
"""Values of the types that SQL reads with `getvariable`. Any other variable is NULL when a mart is computed."""

TOKEN = re.compile(
    r"""
    (?P<comment>--[^\n]*|/\*.*?\*/)
    |(?P<end>[;\s])
    |[eE]'(?:\\.|''|[^'\\])*'|'(?:''|[^'])*'|"(?:""|[^"])*"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    |.
    """,
    re.DOTALL | re.VERBOSE,
)
GETVARIABLE = re.compile(r"\bgetvariable\s*\(\s*'([^']*)'\s*\)", re.IGNORECASE)


def without_end(text: str) -> str:
    """The SQL without last semicolons and comments. It keeps its lines, which messages number."""
    code = [token for token in TOKEN.finditer(text) if token.lastgroup not in {"comment", "end"}]
    return text[: code[-1].end()] if code else ""


def verify_variables(name: str, sql: str, of_a_check: Collection[str] = ()) -> None:
    """Raise `MartError` if a SELECT reads a variable that nobody sets, which would be NULL.

    `of_a_check`: the variables that are set besides those of a mart.
    """
    known = (*VARIABLES, *of_a_check)
    for variable in _variables_in(sql):
        if variable == MONTH.name and not of_a_check:
            raise MartError(
                f"{name}: it reads getvariable('month'), which a mart does not have; leave that condition out: a "
                f"SELECT is about all months, and only the rows of the run's month are stored"
            )
        if variable not in known:
            raise MartError(
                f"{name}: it reads getvariable('{variable}'), which nobody sets; there are {', '.join(known)}"
            )


def _variables_in(sql: str) -> list[str]:
    """The variables that the SQL reads with `getvariable`, in lower case, which DuckDB does not tell from upper."""
    tokens = (" " if token.lastgroup == "comment" else token.group() for token in TOKEN.finditer(sql))
    return [name.lower() for name in GETVARIABLE.findall("".join(tokens))]
