"""Alerting: the text of an alert about a negative message, and its delivery to the subscribers."""
