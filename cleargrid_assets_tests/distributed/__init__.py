"""Runs on several hosts: real services and two Ray nodes on loopback. `make test-distributed` runs it."""
