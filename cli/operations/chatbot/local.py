"""The chatbot on this machine: what the bot would say to a post, with its functions and the post's mood."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

import msgspec

from twbot.cli.operations.chatbot.records import Said
from twbot.lambdas.contracts import BOT, Analysis, Entry, MessageAnalysed, Twitter, new_event
from twbot.lambdas.folder.folder import bot_folder, project
from twbot.lambdas.responding.answering import answer_of
from twbot.lambdas.settings import load, settings_file
from twbot.local.adapters.media import FileMedia
from twbot.local.adapters.secrets import OwnSecrets
from twbot.local.data_folder import DataFolder, data_folder
from twbot.local.functions.pool import LocalFunctions
from twbot.local.models.comprehend import Comprehend
from twbot.local.models.errors import ServiceError
from twbot.local.models.lex import Lex


class LocalChat:
    """A Chat with the bot's folder. What its functions publish is dropped.

    data: the data folder, with the functions' secrets and the pictures
    """

    def __init__(self, data: Path | None) -> None:
        self._folder, home = bot_folder(), DataFolder(data_folder(data))
        self._lex, self._comprehend = Lex(self._folder), Comprehend()
        self._functions = LocalFunctions(
            project().absolute(),
            publisher=_Nowhere(),
            media=FileMedia(home.media),
            secrets=OwnSecrets(home.own_secrets).values,
            settings=load(settings_file()).for_functions(),
            events=self._folder.events,
            links=self._folder.links,
        )

    def close(self) -> None:
        self._functions.close()

    def say(self, text: str, language: str | None) -> Said:
        message = self._analysed(text, language)
        entry = Entry(source=BOT, detail_type="MESSAGE_ANALYSED", detail=msgspec.to_builtins(message))
        event = new_event(entry, datetime.datetime.now(datetime.UTC))
        answer = answer_of(event, message, chatbot=self._lex, functions=self._functions, folder=self._folder)
        return Said(
            input=text,
            reply=answer.words,
            intent=answer.intent,
            confidence=answer.confidence,
            language=self._folder.language_of(message.analysis.language),
            by=answer.by,
            sentiment=message.analysis.text_sentiment,
        )

    def _analysed(self, text: str, language: str | None) -> MessageAnalysed:
        spoken = language or self._language_of(text)
        sentiment, score = self._sentiment_of(text, spoken)
        return MessageAnalysed(
            text=text,
            author="you",
            summoned=True,
            twitter=Twitter(tweet_id="0", user_id="0"),
            analysis=Analysis(text_sentiment=sentiment, sentiment_score=score, language=spoken),
        )

    def _language_of(self, text: str) -> str:
        found = self._comprehend.detect_dominant_language({"Text": text})["Languages"]
        return str(found[0]["LanguageCode"]) if found else "en"

    def _sentiment_of(self, text: str, language: str) -> tuple[str | None, dict[str, float] | None]:
        try:
            found = self._comprehend.detect_sentiment({"Text": text, "LanguageCode": language})
        except ServiceError:  # a language that is not read, as in the workflow
            return None, None
        return found["Sentiment"], found["SentimentScore"]


class _Nowhere:
    """A publisher for trying things out: it drops what is published."""

    def publish(self, entries: Sequence[Entry]) -> None:
        """Drop the entries."""

    def fix(self, key: str, value: str) -> str:  # noqa: ARG002 - the port's signature
        return value

    def add(self, key: str, amount: float) -> float:  # noqa: ARG002
        return amount
