"""What the server measures of itself, and to whom it tells that."""
