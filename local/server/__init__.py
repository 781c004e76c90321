"""The HTTP server: the webhook, the control API and the log files."""
