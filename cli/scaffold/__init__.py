"""Writes the files of a new bot from cli/templates/."""
