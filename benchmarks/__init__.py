"""Measurements: one module of ``scenarios`` for each question."""
