"""Constructs that several stacks use, with safe defaults."""
