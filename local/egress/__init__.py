"""Posts the replies from a process of its own, so that the rest of the bot does not wait for their Python.

docs/decisions/0030-replies-are-posted-by-a-process-of-their-own.md
"""
