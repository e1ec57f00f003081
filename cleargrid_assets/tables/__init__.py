"""Every table of the warehouse, column by column: the one source of DDL, UI schema and data dictionary.

Add names, DuckDB types, grain and meaning of columns here; tables are filled in `assets` and written in `warehouse`.
Of the project, this package imports only the client's names of datasets.
"""
