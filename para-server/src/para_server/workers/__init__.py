"""Several processes that serve one port; ``docs/explanation/workers.md`` tells how."""
