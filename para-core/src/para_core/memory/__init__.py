"""A complete implementation of each contract in the memory of the process."""
