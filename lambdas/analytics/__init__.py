"""Analytics: the data lake's table, its transform, its queries, and the erasure of posts from it."""
