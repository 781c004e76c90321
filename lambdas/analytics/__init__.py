"""Analytics: the lake's table and what is written to it."""
