"""What `reports/published_tables` writes for other tools: a database, Parquet files by month, CSV files and a workbook.

Add a format here; the asset and the order in which the files are written are in `published_tables`.
"""
