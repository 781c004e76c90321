"""The kill switch of replies, the opt-out list and the limits."""
