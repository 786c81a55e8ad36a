"""Copies of all apps of a server: into a backup and back, and from one database to another."""
