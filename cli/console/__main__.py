"""The console's process beside a bot: FOLDER. It ends when its standard input does, as at the bot's death."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from twbot.cli.console.server import serve
from twbot.cli.operations.target import Target
from twbot.lambdas.errors import TwbotError


def _wait_for_end(stopped: threading.Event) -> None:
    sys.stdin.read()
    stopped.set()


def main() -> None:
    stopped = threading.Event()
    threading.Thread(target=_wait_for_end, args=(stopped,), daemon=True).start()
    try:
        serve(
            Target(data=Path(sys.argv[1])),
            lambda info: print(info.address, flush=True),
            stopped=stopped,
        )
    except TwbotError as error:
        sys.exit(f"The console does not start: {error}")


if __name__ == "__main__":
    main()
