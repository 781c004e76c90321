"""The fulfilment function of Lex V2: runs the function of an intent for who talks to Lex itself, as in its console.

https://docs.aws.amazon.com/lexv2/latest/dg/lambda-input-format.html
"""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from twbot.lambdas.contracts import BOT, Analysis, Entry, Event, MessageAnalysed, Twitter, new_event
from twbot.lambdas.folder.folder import BotFolder
from twbot.lambdas.ports import Functions
from twbot.lambdas.responding.answering import first_words, intent_named, stock_words
from twbot.lambdas.responding.lex_limits import CALLER_RUNS, locale_of

Json = dict[str, Any]


def fulfil(event: Json, *, functions: Functions, folder: BotFolder) -> Json:
    """Return Lex V2's response to its event {"sessionState": {"intent": {"name": "Joke", …}, …}, "bot": …, …}."""
    state = event["sessionState"]
    intent = state["intent"]
    if (event.get("requestAttributes") or {}).get(CALLER_RUNS):
        return _close(state, {**intent, "state": "Fulfilled"}, None)
    language = _language_of(event, folder)
    chatbot = folder.chatbot(language)
    known = intent_named(chatbot, intent["name"])
    if known is None:
        return _close(state, {**intent, "state": "Failed"}, None)
    said = first_words(filter(None, [known.run]), _event_of(event, language), functions, folder)
    words = said.words if said else stock_words(known, chatbot, upset=False)
    return _close(state, {**intent, "state": "Fulfilled"}, words)


def _language_of(event: Json, folder: BotFolder) -> str:
    locale = (event.get("bot") or {}).get("localeId")
    return next((each for each in folder.languages if locale_of(each) == locale), folder.languages[0])


def _event_of(event: Json, language: str) -> Event:
    """Return what was said to Lex as a MESSAGE_ANALYSED that nobody posted: nothing can be replied to it on X."""
    message = MessageAnalysed(
        text=str(event.get("inputTranscript", "")),
        author="lex",
        summoned=False,
        twitter=Twitter(tweet_id="0", user_id="0"),
        language=language,
        analysis=Analysis(language=language),
    )
    entry = Entry(source=BOT, detail_type="MESSAGE_ANALYSED", detail=msgspec.to_builtins(message))
    return new_event(entry, datetime.datetime.now(datetime.UTC))


def _close(state: Json, intent: Json, words: str | None) -> Json:
    attributes = state.get("sessionAttributes") or {}
    session = {"sessionAttributes": attributes, "dialogAction": {"type": "Close"}, "intent": intent}
    # Lex says the replies of the intent where there are no messages:
    # https://docs.aws.amazon.com/lexv2/latest/dg/lambda-response-format.html
    messages = [{"contentType": "PlainText", "content": words}] if words else []
    return {"sessionState": session, "messages": messages}
