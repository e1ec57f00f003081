"""The emulator against the contract, with plain requests: what it says is what ClearGrid documents."""
