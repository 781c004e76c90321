"""The console's process beside a bot: FOLDER CALLED [PROJECT].

It ends when its standard input does, as at the bot's death.

CALLED and PROJECT: how the bot's own twbot was called, for the commands on the pages.

It prints the console's address when it can be opened: that of the console which is there already, where there is one.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from twbot.cli.console.server import ConsoleInfo, running_console, serve
from twbot.cli.operations.target import Target
from twbot.cli.spelling import call_as
from twbot.cli.ui.console import print_line
from twbot.lambdas.errors import TwbotError
from twbot.local.bus.store import AlreadyRunning
from twbot.local.data_folder import DataFolder


def main() -> None:
    folder, called, *project = sys.argv[1:]
    call_as(called, project[0] if project else None)
    stopped = threading.Event()
    threading.Thread(target=_wait_for_end, args=(stopped,), daemon=True).start()
    try:
        serve(Target(data=Path(folder)), _tell, stopped=stopped)
    except AlreadyRunning:
        if (info := running_console(DataFolder(Path(folder)))) is not None:
            _tell(info)
    except TwbotError as error:
        sys.exit(f"The console does not start: {error}")


def _tell(info: ConsoleInfo) -> None:
    print_line(info.address)


def _wait_for_end(stopped: threading.Event) -> None:
    sys.stdin.read()
    stopped.set()


if __name__ == "__main__":
    main()
