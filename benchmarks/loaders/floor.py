"""The floor: all pages of 40 equal windows, read by threads with one connection each, not decoded and not kept.

It is what ClearGrid and the network alone cost, the yardstick for whatever a loader does with the pages.
"""

from __future__ import annotations

import time
from queue import Empty, SimpleQueue
from threading import Thread

from benchmarks.loaders.job import Job, parse_job, print_result
from benchmarks.loaders.plain_requests import PlainExport

WINDOWS = 40


def load(job: Job) -> tuple[int, float]:
    """Read the month; return the number of pages in place of rows, and the seconds."""
    started = time.monotonic()
    pending, pages = SimpleQueue[int](), SimpleQueue[int]()
    for number in range(WINDOWS):
        pending.put(number)
    step = (job.until - job.since) / WINDOWS

    def read_windows(export: PlainExport) -> None:
        while True:
            try:
                since = job.since + step * pending.get_nowait()
            except Empty:
                return
            for body in export.bodies(since, since + step):
                pages.put(len(body))

    threads = [Thread(target=read_windows, args=(PlainExport(job),)) for _ in range(job.concurrency)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return pages.qsize(), time.monotonic() - started


if __name__ == "__main__":
    print_result(*load(parse_job()))
