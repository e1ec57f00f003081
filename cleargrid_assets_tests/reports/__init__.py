"""Tests of the collections report and the published tables."""
