"""What Lex V2 takes: its languages, and the names and sizes of intents. Free of CDK: `twbot check` asks, too.

https://docs.aws.amazon.com/lexv2/latest/dg/quotas.html
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from twbot.lambdas.errors import ErrorKind, TwbotError
from twbot.lambdas.folder.folder import BotFolder
from twbot.lambdas.folder.records import ChatbotFile, Intent

# Lex's own name: https://docs.aws.amazon.com/lexv2/latest/dg/built-in-intent-fallback.html
FALLBACK = "FallbackIntent"
# Request attribute of who runs the function of an intent itself, with the whole event.
CALLER_RUNS = "CallerRuns"
# A locale for each language. Those that Lex marks in its list need features that this bot has not, and are left out.
# https://docs.aws.amazon.com/lexv2/latest/dg/how-languages.html
LOCALES = {
    "ar": "ar_AE",
    "ca": "ca_ES",
    "de": "de_DE",
    "de-AT": "de_AT",
    "en": "en_US",
    "en-AU": "en_AU",
    "en-GB": "en_GB",
    "en-IN": "en_IN",
    "en-US": "en_US",
    "en-ZA": "en_ZA",
    "es": "es_ES",
    "es-US": "es_US",
    "fi": "fi_FI",
    "fr": "fr_FR",
    "fr-CA": "fr_CA",
    "hi": "hi_IN",
    "it": "it_IT",
    "ja": "ja_JP",
    "ko": "ko_KR",
    "nl": "nl_NL",
    "no": "no_NO",
    "pl": "pl_PL",
    "pt": "pt_BR",
    "pt-BR": "pt_BR",
    "pt-PT": "pt_PT",
    "sv": "sv_SE",
    "zh": "zh_CN",
    "zh-CN": "zh_CN",
    "zh-HK": "zh_HK",
}
LARGE = ("en_AU", "en_GB", "en_US")
MAX_INTENTS, MAX_INTENTS_LARGE = 250, 1000
MAX_CHARACTERS, MAX_CHARACTERS_LARGE = 200_000, 2_000_000
MAX_UTTERANCES = 1500
MAX_UTTERANCE_LENGTH = 500
# A message and two variations of it, each of 1,000 characters:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lex-bot-messagegroup.html
MAX_REPLIES, MAX_REPLY_LENGTH = 3, 1000
_MARKS = "'.,_-"


class Problem(NamedTuple):
    """Something that Lex would refuse."""

    problem: str
    """What, and what to do."""
    intent: str | None = None
    utterance: str | None = None

    def described(self, language: str) -> str:
        """Return one line with the place."""
        quoted = f"“{self.utterance}”" if self.utterance else None
        return ": ".join(filter(None, (f"chatbot of {language}", self.intent, quoted, self.problem)))


def locale_of(language: str) -> str | None:
    """Return Lex's locale for a language of the bot (ISO 639-1); None where it has none."""
    return LOCALES.get(language)


def lex_utterance(utterance: str) -> str:
    """Return an utterance as Lex takes it: letters, digits and a few marks. Others tell it nothing about the words."""
    # A brace would begin a slot: https://docs.aws.amazon.com/lexv2/latest/dg/sample-utterances.html
    plain = unicodedata.normalize("NFC", utterance).replace("’", "'")
    return " ".join("".join(each if _is_taken(each) else " " for each in plain).split())


def lex_utterances(intent: Intent) -> list[str]:
    """Return the utterances of an intent as Lex takes them, each once in whatever case of letters."""
    found: dict[str, str] = {}
    for utterance in map(lex_utterance, intent.utterances):
        found.setdefault(utterance.lower(), utterance)
    return list(found.values())


def refuse_unfit(folder: BotFolder) -> None:
    """Raise TwbotError for what Lex would refuse of a bot's chatbots."""
    found = [each.described(language) for language in folder.languages for each in problems_of(folder, language)]
    if found:
        hint = "All of them: twbot check" if len(found) > 1 else None
        raise TwbotError(f"Lex would refuse the chatbot: {found[0]}", hint, kind=ErrorKind.CHECK_FAILED)


def problems_of(folder: BotFolder, language: str) -> list[Problem]:
    """Return what Lex would refuse of a bot's chatbot of a language."""
    locale = locale_of(language)
    same = [each for each in folder.languages if each != language and locale and locale_of(each) == locale]
    twice = [Problem(f"{same[0]} is the same to Lex: take one out of bot.languages.")] if same else []
    return [*twice, *problems(folder.chatbots[language], language)]


def problems(chatbot: ChatbotFile, language: str) -> list[Problem]:
    """Return what Lex would refuse of the chatbot of a language."""
    locale = locale_of(language)
    if locale is None:
        return [_no_locale(language)]
    return [*_of_names(chatbot), *_of_sizes(chatbot, locale), *_of_utterances(chatbot)]


def _no_locale(language: str) -> Problem:
    base = language.partition("-")[0]
    near = f": write {base}" if base in LOCALES else ""
    return Problem(
        f"Lex has no language {language}{near}. Take it out of bot.languages, and answer it with a function in"
        f" [answers], which sees the language of each post (Analysis.Language); Lex has {', '.join(LOCALES)}."
    )


def _of_names(chatbot: ChatbotFile) -> Iterator[Problem]:
    names = [intent.name for intent in chatbot.intents]
    for name in dict.fromkeys(names):
        if name == FALLBACK:
            yield Problem(f"{FALLBACK} is Lex's own name: use [fallback] or another name.", name)
        elif names.count(name) > 1:
            yield Problem(f"{names.count(name)} intents have this name: make them one.", name)


def _of_sizes(chatbot: ChatbotFile, locale: str) -> Iterator[Problem]:
    is_large = locale in LARGE
    # One of them is the fallback.
    most = (MAX_INTENTS_LARGE if is_large else MAX_INTENTS) - 1
    if len(chatbot.intents) > most:
        yield Problem(f"{len(chatbot.intents)} intents: Lex takes {most} in {locale}.")
    most = MAX_CHARACTERS_LARGE if is_large else MAX_CHARACTERS
    total = sum(_length(each) for intent in chatbot.intents for each in intent.utterances)
    if total > most:
        yield Problem(f"The utterances have {total:,} characters: Lex takes {most:,} in {locale}.")


def _of_utterances(chatbot: ChatbotFile) -> Iterator[Problem]:
    owners: dict[str, Intent] = {}
    for intent in chatbot.intents:
        if len(intent.utterances) > MAX_UTTERANCES:
            yield Problem(f"{len(intent.utterances)} utterances: Lex takes {MAX_UTTERANCES:,}.", intent.name)
        for utterance in intent.utterances:
            plain = lex_utterance(utterance)
            owner = owners.setdefault(plain.lower(), intent)
            if not re.search(r"\w", plain):
                yield Problem("There is no word in it.", intent.name, utterance)
            elif _length(plain) > MAX_UTTERANCE_LENGTH:
                fault = f"{_length(plain)} characters: Lex takes {MAX_UTTERANCE_LENGTH}."
                yield Problem(fault, intent.name, utterance)
            elif owner.name != intent.name:
                yield Problem(f"{owner.name} has it, too: only one intent can be meant.", intent.name, utterance)


def _is_taken(character: str) -> bool:
    return character in _MARKS or unicodedata.category(character)[0] in "LMN"


def _length(text: str) -> int:
    """Return the length in UTF-16 units, as Lex counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
