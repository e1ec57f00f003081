"""Loaders of one month of D23, each a program that prints one JSON line: `{"rows": ..., "seconds": ...}`.

Add a loader to compare with ours here; `benchmarks.measure` times the whole processes.
"""
