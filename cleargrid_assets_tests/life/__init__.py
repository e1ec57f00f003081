"""The life of a warehouse, simulated day by day."""
