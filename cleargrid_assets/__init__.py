"""ClearGrid's D23 call-outcome logs as Dagster assets.

The package root holds Dagster's entry point (`definitions`), the settings, and the modules that Dagster projects
name alike everywhere (`partitions`, `jobs`, `schedules`, `sensors`). Everything else lives in a package named
after what it does. Nothing is imported here: `cleargrid_assets.client` works without Dagster.
"""
