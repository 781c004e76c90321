"""X's API: the client, its errors and limits, and the rules of a post's text."""
