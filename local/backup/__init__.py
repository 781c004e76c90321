"""Backups of a data folder in one file, also of a running bot's: docs/decisions/0012-a-data-folder-that-lasts.md."""
