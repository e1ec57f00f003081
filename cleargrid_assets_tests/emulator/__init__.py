"""Tests of the emulator with plain requests: its responses are those that ClearGrid documents."""
