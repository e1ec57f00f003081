"""The `cleargrid` command: a demo, the UI, an emulator, and questions to settings and warehouse.

Here: what is printed and which processes are started. Not here: what Dagster runs do.
"""
