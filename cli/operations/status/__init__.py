"""The status of a bot: what waits, what failed, and the last hour."""
