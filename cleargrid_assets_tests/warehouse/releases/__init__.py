"""Warehouses of earlier releases, and the program that creates the next one."""
