"""Handles the queue of replies, in a process of its own: FOLDER LIFE LANE…

FOLDER is the data folder. LIFE and LANE are sockets, at whose other ends the bot is. LIFE brings the setup. Each LANE
brings one event after the other, and gets back what is to be published. When the bot is gone this process ends at once,
in the middle of whatever it does: what a request to X became of is found out by the next one
(lambdas/egress/attempts.py).
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from twbot.lambdas.contracts import Entry
from twbot.lambdas.egress.permission import Permission
from twbot.lambdas.egress.sender import Sender
from twbot.lambdas.log_context import log_context
from twbot.lambdas.x.api import XApi
from twbot.lambdas.x.post_ids import tweet_of
from twbot.local import message_types
from twbot.local.adapters.attempts import LocalAttempts
from twbot.local.adapters.idempotency import SqlitePersistence, idempotency_config
from twbot.local.adapters.media import FileMedia
from twbot.local.adapters.replies import LocalReplies
from twbot.local.adapters.secrets import FileSecrets
from twbot.local.channel import Channel
from twbot.local.data_folder import DataFolder
from twbot.local.egress.messages import Answer, Failed, Handle, Handled, Line, Setup, requests
from twbot.local.server.log_writer import OURS, fields_of


def main() -> None:
    _, folder, *sockets = sys.argv
    life, *lanes = (Channel(socket.socket(fileno=int(each))) for each in sockets)
    # Ctrl-C and a service manager's SIGTERM are the bot's, which finishes what is under way.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    if (first := life.receive()) is None:
        return
    log = _Log()
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger(name).addHandler(log)
    outbox = _Outbox()
    sender = _sender(DataFolder(Path(folder)), msgspec.json.decode(first, type=Setup), outbox)
    message_types.prepare()
    for lane in lanes:
        threading.Thread(target=_serve, args=(lane, sender, outbox, log), daemon=True).start()
    life.receive()
    os._exit(0)  # without the end of what is under way


def _sender(home: DataFolder, setup: Setup, outbox: _Outbox) -> Sender:
    return Sender(
        XApi(FileSecrets(home.secrets), base_url=setup.x_url, made_with_ai=setup.made_with_ai),
        FileMedia(home.media),
        outbox,
        Permission(LocalReplies(home.replies)),
        LocalAttempts(home.attempts),
        SqlitePersistence(home.sent),
        idempotency_config(),
    )


def _serve(lane: Channel, sender: Sender, outbox: _Outbox, log: _Log) -> None:
    while (message := lane.receive()) is not None:
        answer = _answer(requests.decode(message), sender, outbox, log)
        try:
            lane.send(answer)
        except OSError:
            return  # the bot is gone


def _answer(request: Handle, sender: Sender, outbox: _Outbox, log: _Log) -> Answer:
    try:
        with log_context(tweet_of(request.event)):
            sender.handle(request.event)
    except Exception as error:
        outbox.take()
        return Failed.of(error, log.take())
    return Handled(outbox.take(), log.take())


class _Outbox(threading.local):
    """What a thread has published. The bot publishes it, with the outcome of the delivery."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def publish(self, entries: Sequence[Entry]) -> None:
        self._entries += entries

    def fix(self, key: str, value: str) -> str:
        raise NotImplementedError("The words of a reply are fixed before it is sent.")

    def take(self) -> list[Entry]:
        taken, self._entries = self._entries, []
        return taken


class _Lines(threading.local):
    def __init__(self) -> None:
        self.lines: list[Line] = []


class _Log(logging.Handler):
    """Keeps what a thread logs, for the log of the bot."""

    def __init__(self) -> None:
        super().__init__()
        self._of_thread = _Lines()

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = fields_of(record)
        if record.exc_info:
            fields["exception"] = logging.Formatter().formatException(record.exc_info)
        line = Line(record.name, record.levelno, record.getMessage(), msgspec.to_builtins(fields, enc_hook=str))
        self._of_thread.lines.append(line)

    def take(self) -> list[Line]:
        taken, self._of_thread.lines = self._of_thread.lines, []
        return taken


if __name__ == "__main__":
    main()
