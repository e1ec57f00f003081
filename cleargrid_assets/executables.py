"""Where the commands of this installation are, and how a reader types them.

Messages that name a command get it from here, so that it exists where the message is read: in a checkout, with an
installed wheel, and in the image of `deploy/`.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path


def executable(name: str) -> str:
    """The command `name` of this Python environment; whatever PATH finds where the environment has none."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or name


def with_commands(text: str) -> str:
    """`text`, with each of our commands in it as a reader types it in this folder."""
    return text.replace("`cleargrid ", f"`{as_typed('cleargrid')} ")


def as_typed(name: str) -> str:
    """What a reader types in this folder to run `executable(name)`: the bare name when PATH leads to the same file."""
    ours = Path(executable(name))
    on_path = shutil.which(name)
    if not ours.is_absolute() or (on_path and Path(on_path).resolve() == ours.resolve()):
        return name
    is_below = ours.is_relative_to(Path.cwd())
    return shlex.quote(str(ours.relative_to(Path.cwd()) if is_below else ours))
