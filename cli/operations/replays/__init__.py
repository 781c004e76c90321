"""Replays from the archive."""
