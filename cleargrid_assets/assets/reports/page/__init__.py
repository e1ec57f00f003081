"""The page of the collections report: its `sections`, what they have in common, and their way into one HTML file.

Add here anything between the warehouse's tables and that file, but no number that is not in a table; the asset is in
`collections_report`. Jinja is loaded by the run that writes a page: starting Dagster does not need it.
"""
