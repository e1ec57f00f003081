"""A local ClearGrid, written from its contract alone: for demos, tests and development without an account.

Add login, tokens, the exports of D23 and D21 over generated rows, and faults here. Never import the client: if the two
shared code, a shared mistake would pass every test.
"""

from cleargrid_assets.emulator.auth import Credentials
from cleargrid_assets.emulator.generated_rows import GeneratedRows
from cleargrid_assets.emulator.server import Emulator

__all__ = ["Credentials", "Emulator", "GeneratedRows"]
