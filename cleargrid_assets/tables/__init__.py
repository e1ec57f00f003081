"""Every table of the warehouse, column by column: the one source of DDL, UI schema and data dictionary.

Here: names, DuckDB types, grain and meaning of columns. Not here: how a table is filled (`assets`) or written
(`warehouse`). This package imports nothing of the project.
"""
