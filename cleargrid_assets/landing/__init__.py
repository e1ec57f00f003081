"""Landing one month of a dataset exactly: rows to Arrow columns, the conservation law, the one transaction.

Add validation, quarantine, duplicates, reconciliation and the write of a dataset's four tables here, for every
dataset. HTTP is in `client`, opening the warehouse in `warehouse`, Dagster in `assets`; nothing in this package imports
Dagster.
"""
