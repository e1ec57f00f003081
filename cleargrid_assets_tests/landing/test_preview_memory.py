"""A preview copies its month a batch at a time, so a large month takes no more memory than a small one."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pyarrow as pa

from cleargrid_assets.landing.rehearsal import copied_month
from cleargrid_assets.landing.rows import RowConverter
from cleargrid_assets.landing.spill import SpilledRows
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.warehouse import copying
from cleargrid_assets.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    import duckdb

ROWS = D23.rows.qualified_name
TEN_THOUSAND_ROWS = f"""
INSERT INTO {ROWS} BY NAME
SELECT
  lpad(to_hex(range), 24, '0') AS public_id, 'CALL' AS communication_type, 'AGENT' AS interaction_source,
  'PTP' AS outcome_option, true AS is_active, false AS is_ptp_broken, month AS communicated_at, month AS created_at,
  month AS updated_at, month, month AS landed_at
FROM range(10_000), (SELECT DATE '2026-05-01' AS month)
"""


@dataclass
class Recorder:
    """A connection that notes how many rows at once it is given. `sizes`: those of each batch."""

    connection: duckdb.DuckDBPyConnection
    sizes: list[int] = field(default_factory=list)

    def register(self, name, rows):
        """Pass the batches on, one by one."""
        batches = pa.RecordBatchReader.from_stream(rows)
        self.connection.register(name, pa.RecordBatchReader.from_batches(batches.schema, self._noted(batches)))

    def _noted(self, batches):
        for batch in batches:
            self.sizes.append(batch.num_rows)
            yield batch

    def __getattr__(self, name):
        return getattr(self.connection, name)


class RecordedWarehouse(Warehouse):
    """A warehouse whose copies are recorders."""

    @contextmanager
    def scratch(self):
        """The empty warehouse to copy into."""
        with super().scratch() as connection:
            yield Recorder(connection)


def test_a_month_is_copied_a_batch_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(copying, "BATCH_ROWS", 2_048)
    warehouse = RecordedWarehouse(str(tmp_path / "warehouse.duckdb"))
    with warehouse.writing() as connection:
        connection.execute(TEN_THOUSAND_ROWS)
    load = SimpleNamespace(dataset=D23, month=date(2026, 5, 1), rows=SpilledRows(RowConverter(D23).schema, []))
    with copied_month(warehouse, load) as copy:
        assert copy.execute(f"SELECT count(*) FROM {ROWS}").fetchall() == [(10_000,)]
        assert (sum(copy.sizes), max(copy.sizes)) == (10_000, 2_048)
