"""The client against a server with every fault that we could think of."""
