"""The chatbot of a stage on AWS: Lex V2, which calls the fulfilment function."""

from __future__ import annotations

import uuid

from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.chatbot.records import Said
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.responding.answering import intent_named, understood_of
from twbot.lambdas.responding.lex_limits import locale_of
from twbot.lambdas.responding.utterance import to_utterance


class AwsChat:
    """A Chat with Lex alone: neither [answers] nor the mood of a post are heeded. Raises AwsError, NotDeployed."""

    def __init__(self, bot: AwsBot) -> None:
        self._bot = bot
        self._session = f"twbot-chat-{uuid.uuid4()}"

    def close(self) -> None:
        """There is nothing to close."""

    def say(self, text: str, language: str | None) -> Said:
        folder = bot_folder()
        spoken = folder.language_of(language)
        ids = {name: self._bot.output("responding", name[0].upper() + name[1:]) for name in ("botId", "botAliasId")}
        with self._bot.translate_errors():
            answer = self._bot.client("lexv2-runtime").recognize_text(
                **ids, localeId=locale_of(spoken), sessionId=self._session, text=to_utterance(text)
            )
        understood = understood_of(answer)
        intent = intent_named(folder.chatbot(spoken), understood.intent)
        return Said(
            input=text,
            reply=understood.messages,
            intent=understood.intent,
            confidence=understood.confidence,
            language=spoken,
            by=intent.run if intent is not None and intent.run else understood.intent,
        )
