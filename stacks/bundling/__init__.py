"""Lambda bundles: one reproducible zip per function, built without Docker."""
