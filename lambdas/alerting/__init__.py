"""Alerting: what a negative message's alert says."""
