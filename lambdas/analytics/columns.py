"""The columns of this bot's lake: those of lambdas/analytics/table.py, with what its folder adds."""

from __future__ import annotations

from twbot.lambdas.analytics.table import columns_with
from twbot.lambdas.folder.folder import bot_folder


def table_columns() -> dict[str, str]:
    """Return the table's columns and their types in Hive's words. Raises TwbotError where the folder can't be read."""
    folder = bot_folder()
    return columns_with(folder.events, folder.steps)
