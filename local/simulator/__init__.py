"""A simulated X for development and tests: real client libraries work with it.

It runs as a process of its own: docs/decisions/0005-the-simulated-x-is-its-own-process.md.
"""
