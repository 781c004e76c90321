"""Lambda bundles: one zip per function, built without Docker, the same bytes each time."""
