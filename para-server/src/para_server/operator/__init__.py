"""What only the operator of the server may see: its metrics, and its health in detail."""
