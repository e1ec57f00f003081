"""The benchmarks keep up with the code that they measure."""

import subprocess
import sys


def test_the_benchmarks_can_be_started() -> None:
    done = subprocess.run([sys.executable, "-m", "benchmarks", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
