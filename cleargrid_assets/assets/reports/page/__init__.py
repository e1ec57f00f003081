"""The collections report's page: what it reads (`sql/`, `figures`), how it draws (`charts`), how it reads (`page`).

Here: everything between the warehouse's tables and one HTML file. Not here: the asset (`collections_report`), or any
number that is not in a table. Altair and Jinja are imported where they are used: starting Dagster needs neither.
"""
