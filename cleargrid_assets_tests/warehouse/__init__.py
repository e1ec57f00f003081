"""Tests of the warehouse in a file and in a lake: transactions, locks, upgrades and moves."""
