"""Signing in: passwords, and the providers that stand on them."""
