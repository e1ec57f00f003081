"""Tests of the `cleargrid` command and its subcommands."""
