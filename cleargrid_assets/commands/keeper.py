"""Ends its process group when the process that started it is gone, however that ended; run as a script.

It imports only the standard library: it starts in milliseconds and stays small.
"""

import os
import signal
import sys
import time


def keep(grace_seconds: float) -> None:
    """Wait for the end of standard input, whose other end only the starter holds; then end the whole group."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGTERM)
    time.sleep(grace_seconds)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    keep(float(sys.argv[1]))
