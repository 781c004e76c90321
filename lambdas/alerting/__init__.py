"""Alerting: the text of an alert about a message, and its delivery to the subscribers."""
