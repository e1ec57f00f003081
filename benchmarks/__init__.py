"""Benchmarks of speed and memory; what is compared runs side by side. `make bench` prints the ratios.

Add a measurement here, or a loader to compare ours with; docs/performance.md has the statements about speed, each with
the command that shows it. Machines are shared and noisy: runs alternate, and medians and ratios are printed.
"""
