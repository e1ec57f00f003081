"""Ends its process group when the process that started it exits for any reason; run as a script.

Keep it to the standard library: it must start in milliseconds and stay small.
"""

import os
import signal
import sys
import time


def end_group_with_parent(grace_seconds: float) -> None:
    """Wait for the end of standard input, which the starter's exit closes; then end the whole group."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGTERM)
    time.sleep(grace_seconds)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    end_group_with_parent(float(sys.argv[1]))
