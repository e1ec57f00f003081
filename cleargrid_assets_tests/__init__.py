"""Tests of cleargrid_assets; each folder covers one area."""
