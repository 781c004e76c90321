"""The bot on one machine."""
