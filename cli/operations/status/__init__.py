"""The status snapshot: what waits, what failed, and the last hour."""
