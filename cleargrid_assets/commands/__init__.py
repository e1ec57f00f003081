"""The `cleargrid` command: a demo, the UI, an emulator, and inspection of settings and warehouse.

Add a command here: what it prints and which processes it starts. What Dagster runs do is in `assets` and `jobs`.
"""
