"""The scripts that made the shipped model data."""
