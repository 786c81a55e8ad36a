"""Addresses of single products, and what they are made of."""
