"""Several servers on one database; ``docs/explanation/nodes.md`` tells how."""
