"""Loaders of one month of D23, each a program that prints one JSON line: `{"rows": ..., "seconds": ...}`.

Here: ours, and those it is measured beside. Not here: timing of whole processes (`benchmarks.measure`).
"""
