"""Runs the functions of the bot's folder in processes of their own: docs/decisions/0025-own-functions-run-apart.md."""
