"""Landing one month of D23 exactly: rows to Arrow columns, the conservation law, the one transaction.

Add validation, quarantine, duplicates, reconciliation and the write of the four raw tables here. HTTP is in `client`,
opening the warehouse in `warehouse`, Dagster in `assets`; nothing in this package imports Dagster.
"""
