"""A bot with instant analysers as a process of its own, for the tests that kill it: DATA X_URL PORT."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from tests.support.instant_models import Instant
from twbot.lambdas.settings import Settings
from twbot.local.bot import Bot
from twbot.local.data_folder import DataFolder
from twbot.local.server.log_writer import logging_to

if __name__ == "__main__":
    home = DataFolder(Path(sys.argv[1]))
    with logging_to(home.log):
        bot = Bot(home, Settings(), analysers=Instant, x_url=sys.argv[2], simulator=sys.argv[2], port=int(sys.argv[3]))
        print(bot.start(), flush=True)
        threading.Event().wait()
