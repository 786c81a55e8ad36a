"""A DAO for Para: a folder with one file for each app."""
