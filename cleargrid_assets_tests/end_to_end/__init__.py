"""Tests of a running Dagster, in a browser and through crashes."""
