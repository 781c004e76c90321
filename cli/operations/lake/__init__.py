"""The data lake: queries, exports and erasure."""
