"""Drops what a lake no longer needs: old snapshots, and the files that only they use.

Decide here what is dropped after a number of days; `schedules` decides when.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleargrid_assets.warehouse.ducklake import TABLES_FOLDER, data_path, lake_name

if TYPE_CHECKING:
    from cleargrid_assets.warehouse.warehouse import Warehouse

EXPIRE = "CALL ducklake_expire_snapshots('{lake}', older_than => now() - INTERVAL {days} DAY)"
REWRITE = "CALL ducklake_rewrite_data_files('{lake}', delete_threshold => {share})"
MERGE = "CALL ducklake_merge_adjacent_files('{lake}')"
ORPHANS = "CALL ducklake_delete_orphaned_files('{lake}', older_than => now() - INTERVAL {days} DAY)"
CLEAN_UP = "CALL ducklake_cleanup_old_files('{lake}', older_than => now() - INTERVAL {days} DAY)"
DELETED_SHARE = 0.05
"""A file is rewritten once this share of its rows is deleted; until then a reader skips them cheaply."""


@dataclass(frozen=True)
class Expired:
    """How many snapshots and files were dropped."""

    snapshots: int
    files: int


def expire(lake: Warehouse, keep_days: int) -> Expired:
    """Drop snapshots and replaced files older than `keep_days`; the tables' rows do not change.

    Also delete the files of killed writes, if the folder holds only our tables, rewrite files with many deleted rows,
    and merge small adjacent files. Active readers are safe: a file goes only `keep_days` after it was replaced.
    """
    with lake.writing() as connection:
        snapshots = connection.execute(EXPIRE.format(lake=lake_name(connection), days=keep_days)).fetchall()
    with lake.writing() as connection:
        name = lake_name(connection)
        connection.execute(REWRITE.format(lake=name, share=DELETED_SHARE)).fetchall()
        connection.execute(MERGE.format(lake=name)).fetchall()
        files = connection.execute(CLEAN_UP.format(lake=name, days=keep_days)).fetchall()
        if data_path(connection).endswith(TABLES_FOLDER):
            files += connection.execute(ORPHANS.format(lake=name, days=keep_days)).fetchall()
    return Expired(len(snapshots), len(files))
