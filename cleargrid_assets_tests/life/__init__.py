"""A simulation of the life of a warehouse, day by day."""
