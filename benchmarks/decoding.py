"""Benchmarks one step of a load without a network: from the bytes of a page to validated Arrow columns.

Add another way of decoding or converting a page here; whole loads are in `loading`.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
import pyarrow.json

from benchmarks.loaders.job import Job
from benchmarks.loaders.plain_requests import PlainExport
from benchmarks.loading import MONTH, emulator
from cleargrid_assets.client import Window
from cleargrid_assets.client.declared_pages import page_decoder
from cleargrid_assets.client.envelope import decode
from cleargrid_assets.landing.rows import INSTANT, RowConverter
from cleargrid_assets.tables.d23 import D23

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROUNDS = 15
YARDSTICK = "orjson alone"
ARROW_ROW = pa.struct([(column.name, pa.bool_() if column.type == "BOOLEAN" else pa.string()) for column in D23.fields])
INSTANTS = [column.name for column in D23.fields if column.type == "TIMESTAMP"]


def decode_and_convert(rows: int = 20_000, *, rounds: int = ROUNDS) -> None:
    """CPU time per row of the fast path and of the exact one, beside orjson and Arrow's reader without checks."""
    converter = RowConverter(D23)
    with emulator(rows) as server:
        job = Job(server.base_url, date.fromisoformat(MONTH), "", page_size=1000, concurrency=1)
        bodies = list(PlainExport(job).bodies(job.since, job.until))
        window = Window(job.since, job.until)
    received = sum(len(orjson.loads(body)["body"]["rows"]) for body in bodies)
    ways: dict[str, Callable[[bytes], Any]] = {
        YARDSTICK: orjson.loads,
        "pyarrow.json and casts": _read_with_arrow,
        "ours, rows as declared": partial(_convert, converter, page_decoder(converter.row_type), window),
        "ours, any rows": partial(_convert, converter, decode, window),
    }
    print(f"\n{received:,} rows in pages of 1,000, {rounds} rounds, CPU time, medians:")
    seconds = _race(ways, bodies, rounds)
    for way, measured in seconds.items():
        ratio = statistics.median(one / other for one, other in zip(measured, seconds[YARDSTICK], strict=True))
        print(f"{way:<24}{statistics.median(measured) / received * 1e6:6.2f} microseconds a row  ({ratio:4.2f}x)")


def _race(ways: dict[str, Callable[[bytes], Any]], bodies: Sequence[bytes], rounds: int) -> dict[str, list[float]]:
    """The CPU seconds of each way in each round, one way after the other in every round."""
    seconds = defaultdict[str, list[float]](list)
    for _ in range(rounds):
        for way, read in ways.items():
            started = time.process_time()
            for body in bodies:
                read(body)
            seconds[way].append(time.process_time() - started)
    return seconds


def _convert(converter: RowConverter, decode_page: Callable[[bytes], Any], window: Window, body: bytes) -> None:
    assert not converter.convert(decode_page(body)["body"]["rows"], window).quarantined


def _read_with_arrow(body: bytes) -> None:
    """The whole answer as one row with an explicit schema, and the casts to timestamps, without any check."""
    schema = pa.schema([("body", pa.struct([("rows", pa.list_(ARROW_ROW))]))])
    table = pa.json.read_json(
        pa.BufferReader(body),
        read_options=pa.json.ReadOptions(use_threads=False, block_size=len(body) + 1),
        parse_options=pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
    )
    rows = table["body"].chunk(0).field("rows").flatten()
    for name in INSTANTS:
        rows.field(name).cast(INSTANT)
