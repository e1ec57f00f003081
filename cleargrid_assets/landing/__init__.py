"""Landing one month of D23 exactly: rows to Arrow columns, the conservation law, the one transaction.

Here: validation, quarantine, duplicates, reconciliation, and the write of the four raw tables. Not here: HTTP
(`client`), opening the warehouse (`warehouse`), Dagster (`assets`). Nothing here imports Dagster.
"""
