"""Tests of the outcome map: its matching key, the user's file and the line to paste."""
