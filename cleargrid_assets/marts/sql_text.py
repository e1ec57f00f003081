"""Tokenizes a SELECT's text, comments and strings included, to find where it ends and which variables it reads."""

from __future__ import annotations

import re

TOKEN = re.compile(
    r"""
    (?P<comment>--[^\n]*|/\*.*?\*/)
    |(?P<end>[;\s])
    |[eE]'(?:\\.|''|[^'\\])*'|'(?:''|[^'])*'|"(?:""|[^"])*"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    |.
    """,
    re.DOTALL | re.VERBOSE,
)
VARIABLE = re.compile(r"\bgetvariable\s*\(\s*'([^']*)'\s*\)", re.IGNORECASE)


def without_end(text: str) -> str:
    """The SQL without last semicolons and comments. It keeps its lines, which messages number."""
    code = [token for token in TOKEN.finditer(text) if token.lastgroup not in {"comment", "end"}]
    return text[: code[-1].end()] if code else ""


def variables_in(sql: str) -> list[str]:
    """The variables that the SQL reads with `getvariable`, in lower case, which DuckDB does not tell from upper."""
    tokens = (" " if token.lastgroup == "comment" else token.group() for token in TOKEN.finditer(sql))
    return [name.lower() for name in VARIABLE.findall("".join(tokens))]
