"""Finds the commands of this installation and spells them the way a reader would type them.

Every message that names a command must get it from here, so that the command exists where the message is read: in a
checkout, with an installed wheel, and in the image of `deploy/`.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path


def executable(name: str) -> str:
    """The path of the command `name` in this Python environment; the bare name if it has none."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or name


def with_commands(text: str) -> str:
    """`text` with each of our commands spelled as a reader would type it in this folder."""
    return text.replace("`cleargrid ", f"`{as_typed('cleargrid')} ")


def as_typed(name: str) -> str:
    """How to type `executable(name)` in this folder: the bare name if PATH leads to the same file."""
    ours = Path(executable(name))
    on_path = shutil.which(name)
    if not ours.is_absolute() or (on_path and Path(on_path).resolve() == ours.resolve()):
        return name
    is_below = ours.is_relative_to(Path.cwd())
    return shlex.quote(str(ours.relative_to(Path.cwd()) if is_below else ours))
