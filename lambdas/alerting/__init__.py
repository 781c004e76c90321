"""Alerting: what a negative message's alert says, and how those who subscribed hear of it."""
