"""The chatbot: what the bot would answer to a text. Nothing is posted."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import msgspec
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.cli.console.pages import Console, text_of
from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.chatbot.port import Chat, chat_of
from twbot.cli.operations.chatbot.records import Said
from twbot.cli.operations.target import Target
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.responding.utterance import to_utterance

MAX_TEXT = 1000  # characters
MAX_HISTORY = 20
LANGUAGE = frozenset("abcdefghijklmnopqrstuvwxyz")


class Talk:
    """The chat with the bot: made when it is first needed, as it loads models, and kept. One speaks at a time."""

    def __init__(self, target: Target) -> None:
        self._target, self._lock = target, threading.Lock()
        self._chat: Chat | None = None

    def say(self, text: str, language: str | None) -> Said:
        """Return the answer. Raises TwbotError."""
        with self._lock:
            self._chat = self._chat or chat_of(self._target)
            return self._chat.say(text, language)


def routes(console: Console) -> list[Route]:
    talk = Talk(console.target)

    def shown(
        request: Request, said: list[Said], *, typed: str = "", language: str = "", problem: TwbotError | None = None
    ) -> Response:
        return console.page(
            request,
            "chat.html",
            400 if problem else 200,
            title="Chatbot",
            said=said,
            kept=[msgspec.json.encode(each).decode() for each in said],
            typed=typed,
            language=language,
            problem=problem,
        )

    def chat(request: Request) -> Response:
        return shown(request, [])

    def say(request: Request, form: FormData) -> Response:
        text, language = text_of(form, "text").strip(), text_of(form, "language").strip().lower()
        before = list(_history(form))
        try:
            _check(text, language)
            said = talk.say(text, language or None)
        except TwbotError as error:
            return shown(request, before, typed=text, language=language, problem=error)
        return shown(request, [*before, said][-MAX_HISTORY:], language=language)

    return [Route("/chat", chat), Route("/chat", console.action(say), methods=["POST"])]


def _check(text: str, language: str) -> None:
    if not to_utterance(text):
        raise CliError("There is nothing to answer in that.", hint="Try: hello", code=Exit.USAGE)
    if len(text) > MAX_TEXT:
        raise CliError(f"That is longer than {MAX_TEXT} characters.", code=Exit.USAGE)
    if language and not (len(language) in {2, 3} and LANGUAGE.issuperset(language)):
        raise CliError("A language is its code of two letters, as in de.", code=Exit.USAGE)


def _history(form: FormData) -> Iterator[Said]:
    """Yield what was said before. The page keeps it, and no other window sees it."""
    for each in form.getlist("said")[-MAX_HISTORY:]:
        if isinstance(each, str):
            with contextlib.suppress(msgspec.DecodeError):
                yield msgspec.json.decode(each, type=Said)
