"""Warehouses as earlier releases made them, and the program that makes the next one."""
