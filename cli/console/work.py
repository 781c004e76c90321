"""Work that a page starts and another one shows: it goes on in a thread, however many windows look."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator

from twbot.lambdas.errors import TwbotError

MAX_SHOWN = 3
# A page that starts work waits so long for its end, in seconds: nearly all is done then.
PATIENCE_SECONDS = 1.0


class Work:
    """Something that is done piece by piece. `total`: of how many pieces; None where that is not known."""

    def __init__(self, title: str, total: int | None) -> None:
        self.title, self.total, self.done = title, total, 0
        self.error: str | None = None
        self.ended: float | None = None
        """Epoch seconds; None while it goes on."""

    def run(self, steps: Iterator[int]) -> None:
        """Do it all. `steps` yields how many pieces are done."""
        try:
            for number in steps:
                self.done = number
        except TwbotError as error:
            self.error = str(error)
        except Exception as error:
            self.error = f"It ended by a fault of twbot: {type(error).__name__}."
            raise
        finally:
            self.ended = time.time()


class Works:
    """What was started lately, the newest first."""

    def __init__(self) -> None:
        self._newest: deque[Work] = deque(maxlen=MAX_SHOWN)

    def start(self, title: str, total: int | None, steps: Iterator[int]) -> None:
        """Begin, and return when it has ended, or after PATIENCE_SECONDS."""
        work = Work(title, total)
        self._newest.appendleft(work)
        thread = threading.Thread(target=work.run, args=(steps,), name="console-work", daemon=True)
        thread.start()
        thread.join(PATIENCE_SECONDS)

    def newest(self) -> list[Work]:
        return list(self._newest)
