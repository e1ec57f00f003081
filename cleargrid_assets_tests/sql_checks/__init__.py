"""Tests of the checks in SQL: each file on rows that pass it and on rows that fail it."""
