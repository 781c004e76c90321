"""The Functions on AWS: in the process of the Lambda function that calls them.

A signal ends a function at its time, also one that waits. Code in C that does not return to Python goes on: Lambda ends
it with the invocation, at the timeout of the Lambda function, and the event is tried again.
"""

from __future__ import annotations

import contextlib
import functools as caching
import io
import logging
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from twbot.lambdas.aws.clients import client
from twbot.lambdas.aws.deadline import seconds_left
from twbot.lambdas.aws.media import S3Media
from twbot.lambdas.aws.own_secrets import OwnSecrets
from twbot.lambdas.aws.publisher import publisher
from twbot.lambdas.aws.settings import settings
from twbot.lambdas.contracts import Entry, Event
from twbot.lambdas.errors import FunctionFailed, TwbotError
from twbot.lambdas.folder.folder import BotFolder, bot_folder, project
from twbot.lambdas.own import running
from twbot.lambdas.own.bot import Bot
from twbot.lambdas.own.redaction import RedactedStream, Redactor
from twbot.lambdas.ports import Call, MediaStore, OwnBus

# Seconds that are left for the log and the answer when a function is ended.
MARGIN = 0.3
LOGGER = "twbot.own"
_log = logging.getLogger(LOGGER)


class TimeUp(BaseException):
    """Ends a function at its time. No Exception: what a function catches must not hold it back."""


@caching.cache
def functions() -> LambdaFunctions:
    """Return the functions of the bundle's folder."""
    return LambdaFunctions(project(), bot_folder(), own_secrets(), _Bus(), _Media())


@caching.cache
def own_secrets() -> OwnSecrets:
    return OwnSecrets(client("secretsmanager"), os.environ.get("STAGE", ""))


class LambdaFunctions:
    """The Functions of a folder, called in this process, in its main thread."""

    def __init__(
        self, project: Path, folder: BotFolder, secrets: OwnSecrets, publisher: OwnBus, media: MediaStore
    ) -> None:
        self._project, self._folder, self._secrets = project, folder, secrets
        self._publisher, self._media = publisher, media

    def prepare(self, run: str) -> None:
        """Import a function before the first event: Lambda gives that time of its own."""
        with contextlib.suppress(FunctionFailed):  # the call says it
            running.load(run, self._project)

    def call(self, call: Call, event: Event) -> Any:
        """Return what the function returns. Raises Temporary, Permanent, FunctionFailed.

        Its time is `call.timeout`, or what is left of the invocation's.
        """
        secrets = self._secrets.values(call.secrets)
        redact = Redactor(secrets.values())
        with _redacted_output(redact):
            try:
                function = running.load(call.run, self._project)
                with _time_limit(min(call.timeout, seconds_left() - MARGIN)):
                    return running.call(call.run, function, event, self._bot(secrets))
            except TwbotError as error:
                raise _redacted_error(error, redact) from None

    def _bot(self, secrets: dict[str, str]) -> Bot:
        return Bot(
            publisher=self._publisher,
            media=self._media,
            secrets=secrets,
            settings=settings().for_functions(),
            events=self._folder.events,
            links=self._folder.links,
            log=_log,
        )


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    def end(_: int, __: FrameType | None) -> None:
        raise TimeUp(f"it did not return within {seconds:.3g} s")

    if seconds <= 0:
        raise FunctionFailed("There was no time left to call it.")
    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _redacted_output(redact: Redactor) -> Iterator[None]:
    """Send what is printed inside to the log, and keep secrets out of all logs."""
    handlers = {handler: handler.formatter for handler in _all_handlers()}
    out, errors = (RedactedStream(_Lines(level), redact) for level in (logging.INFO, logging.WARNING))
    for handler, formatter in handlers.items():
        handler.setFormatter(_Redacted(formatter or logging.Formatter(), redact))
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            yield
    finally:
        out.finish()
        errors.finish()
        for handler, formatter in handlers.items():
            handler.setFormatter(formatter)


def _all_handlers() -> list[logging.Handler]:
    known = (each for each in logging.root.manager.loggerDict.values() if isinstance(each, logging.Logger))
    return list({handler: None for logger in (logging.root, *known) for handler in logger.handlers})


class _Redacted(logging.Formatter):
    """Formats as another formatter does, without the secrets."""

    def __init__(self, inner: logging.Formatter, redact: Redactor) -> None:
        super().__init__()
        self._inner, self._redact = inner, redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(self._inner.format(record))


class _Lines(io.TextIOBase):
    """A text stream whose lines go to the log."""

    def __init__(self, level: int) -> None:
        self._level = level

    def write(self, text: str) -> int:
        for line in text.splitlines():
            _log.log(self._level, "%s", line)
        return len(text)


def _redacted_error(error: TwbotError, redact: Redactor) -> TwbotError:
    error.args = (redact(str(error)),)
    if isinstance(error, FunctionFailed) and error.traceback:
        error.traceback = redact(error.traceback)
    return error


class _Bus:
    """The bus, for functions that publish: not every Lambda function has one."""

    def publish(self, entries: Sequence[Entry]) -> None:
        publisher().publish(entries)

    def fix(self, key: str, value: str) -> str:
        return publisher().fix(key, value)

    def add(self, key: str, amount: float) -> float:
        return publisher().add(key, amount)


class _Media:
    """The pictures, for functions that use them."""

    def put(self, key: str, data: bytes, content_type: str) -> None:
        _store().put(key, data, content_type)

    def get(self, key: str) -> bytes:
        return _store().get(key)


@caching.cache
def _store() -> S3Media:
    return S3Media(client("s3"), os.environ["MEDIA_BUCKET"])
