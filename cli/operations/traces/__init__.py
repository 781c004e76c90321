"""Traces: one post's way from the webhook to the reply."""
