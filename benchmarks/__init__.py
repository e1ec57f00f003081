"""Benchmarks: how fast, in how much memory, compared with what. `make bench` runs them all and prints ratios.

Here: measuring, and the loaders that are measured beside ours. Not here: claims; those stand in docs/performance.md
with the command that shows them. Machines are shared and noisy: runs alternate, medians and ratios are printed.
"""
