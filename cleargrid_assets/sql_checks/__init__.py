"""The checks in SQL, one file each: `<schema>/<table>/<check>.sql` selects the rows that violate the check.

Drop a file into the folder of its table to add a check; its head says what it finds, how severe that is and what to do.
With a line `-- Observed: ...` in its head, it also selects the rows that hold, told apart by a column `holds`: a check
that passes then states the observed value and the limit.
The files in `raw` itself check the rows of every dataset: they are written for D23's tables, so that you can paste them
into a shell, and another dataset's names are substituted at run time. The steps that write a month's tables run their
checks, by `assets.month_checks`; `checks` makes those on tables over all months Dagster checks.
"""

from cleargrid_assets.sql_checks.check import SqlCheck, Violations, read_checks, read_mart_checks, read_raw_checks
from cleargrid_assets.sql_checks.result import check_result

__all__ = ["SqlCheck", "Violations", "check_result", "read_checks", "read_mart_checks", "read_raw_checks"]
