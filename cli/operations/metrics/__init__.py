"""Metrics: what happened over time, as numbers."""
