"""Tests; the folder says of what."""
