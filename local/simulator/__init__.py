"""A simulated X: good enough for real client libraries."""
