"""The settings' part of the documents, generated from the declarations.

`python -m cleargrid_assets.settings.documents` rewrites `.env.example` and the tables of README.md in the working
directory. Layout belongs here; names and meanings are in `declarations`.
"""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from cleargrid_assets.settings.declarations import EMULATOR, SETTINGS
from cleargrid_assets.settings.setting_types import Group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleargrid_assets.settings.setting_types import Setting

EXAMPLE, README = ".env.example", "README.md"
BEGIN, END = "<!-- settings: begin -->", "<!-- settings: end -->"
FIRST = "Decide these first"
WIDTH = 118
HEADING = """\
# Copy to .env. As it is, `cleargrid dev` starts a local emulator; other commands need an account, or an earlier
# `cleargrid demo`. Remove the # before a setting to set it; an empty value, like a line that is commented out, keeps
# the default. Made by `python -m cleargrid_assets.settings.documents`.
"""


def sections() -> dict[str, list[Setting[Any]]]:
    """The settings by heading: the essential ones, then the others by group."""
    essential = [setting for setting in SETTINGS if setting.is_essential]
    others = {
        group.value: [setting for setting in SETTINGS if setting.group is group and not setting.is_essential]
        for group in Group
    }
    return {FIRST: essential, **others}


def example() -> str:
    """The text of `.env.example`. Only the environment is set in it."""
    return "\n".join([HEADING, *(_example_section(title, settings) for title, settings in sections().items())])


def _example_section(title: str, settings: Sequence[Setting[Any]]) -> str:
    return f"# --- {title} ---\n\n" + "".join(_example_lines(setting) for setting in settings)


def _example_lines(setting: Setting[Any]) -> str:
    """The meaning, and the line to uncomment."""
    note = setting.default_note if callable(setting.default) or setting.default is None else ""
    text = setting.description.replace("`", "") + (f"; default: {note}" if note else "")
    comment = "\n".join(f"# {line}" for line in wrap(text, WIDTH))
    line = f"#{setting.name}={'' if note else setting.default_note}"
    return f"{comment}\n{f'{setting.name}={EMULATOR}' if setting.attribute == 'environment' else line}\n\n"


def tables() -> str:
    """The tables of README.md."""
    return "\n".join(_table(title, settings) for title, settings in sections().items())


def _table(title: str, settings: Sequence[Setting[Any]]) -> str:
    rows = "\n".join(_row(setting) for setting in settings)
    return f"**{title}**\n\n| name | default | meaning |\n| --- | --- | --- |\n{rows}\n"


def _row(setting: Setting[Any]) -> str:
    is_value = isinstance(setting.default, str) or "<" in setting.default_note
    default = f"`{setting.default_note}`" if is_value else setting.default_note or "none"
    return f"| `{setting.name}` | {default} | {setting.description} |"


def with_tables(readme: str) -> str:
    """`readme` with its tables replaced by the current ones."""
    block = f"{BEGIN}\n{tables()}{END}"
    return re.sub(f"{BEGIN}.*{END}", lambda _: block, readme, flags=re.DOTALL)


def write() -> None:
    """Rewrite both files."""
    Path(EXAMPLE).write_text(example(), encoding="utf-8")
    readme = Path(README)
    readme.write_text(with_tables(readme.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write()
