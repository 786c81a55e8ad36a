"""What lies outside the API: pages, protected paths, and what browsers need there."""
