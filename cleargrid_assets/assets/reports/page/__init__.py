"""The page of the collections report: its data (`sql/`, `figures`), its charts (`charts`) and its text (`page`).

Add here anything between the warehouse's tables and the HTML file, but no number that is not in a table; the asset is
in `collections_report`. Altair and Jinja are imported where they are used: starting Dagster needs neither.
"""
