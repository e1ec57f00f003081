"""Tests of the checks in SQL; each file has rows that pass it and rows that fail it."""
