"""Tests of the assets in Dagster: the I/O manager, interruptions and metadata."""
