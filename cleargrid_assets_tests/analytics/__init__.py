"""Tests of the tables of `core` and `analytics`, against a reference model in plain Python."""
