"""A server that works for a long time: who uses it, and what is seen of it from outside."""
