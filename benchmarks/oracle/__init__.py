"""Asks this server and the original the same, and lists where the answers differ."""
