"""Tests of loading a month, from ClearGrid's response to the rows in the warehouse."""
