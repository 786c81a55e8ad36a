"""Redis servers that the tests start and stop themselves, and names that nobody else uses."""
