"""The REST API: one module per resource, each with the routes it answers."""
