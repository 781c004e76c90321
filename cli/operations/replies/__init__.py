"""Permission to reply: the kill switch, the opt-out list and the limits."""
