"""Starts `cleargrid`: Ctrl-C while it still imports Dagster ends it as quietly as later.

Keep imports out of the module itself.
"""

import sys


def main() -> None:
    """Run the command."""
    try:
        from cleargrid_assets.commands.cleargrid import cleargrid  # noqa: PLC0415 - see above

        cleargrid()
    except KeyboardInterrupt:
        sys.exit("Aborted!")


if __name__ == "__main__":
    main()
