"""Finds out from a post's words whether its author wants no more replies, or wants them again.

X asks automated accounts for it: "Honor opt-out requests immediately. If a user says 'stop,' stop."
https://docs.x.com/developer-guidelines
"""

from __future__ import annotations

import functools
import re
import unicodedata
from pathlib import Path

import msgspec

_ASK = r"(?:reply|respond|answer|tweet|message|mention|tag|contact|bother|talk|write|post|dm|ping|text|notify)"
_ASKING = (
    r"(?:replying|responding|answering|tweeting|messaging|mentioning|tagging|contacting|bothering|talking|writing|posting"
    r"|dming|pinging|texting|notifying|spamming|harassing|annoying|sending)"
)
_WHOM = r"(?:to |at |with |for )?(?:me|us)"
# Sentences have too many forms for a list. Each of these names who is to be left alone, so that it can be no quotation.
_OUT = re.compile(
    rf"(?<!never )(?<!not )(?<!n't )\bstop {_ASKING}\b(?:.*\b{_WHOM}\b|.*\bmy (?:tweets|posts|mentions|replies)\b|$)"
    rf"|\b(?:don't|do not|dont|never) (?:ever )?{_ASK} {_WHOM}\b"
    r"|(?<!never )(?<!not )(?<!n't )\bleave (?:me|us) (?:alone|be|in peace)\b"
    r"|(?<!not )(?<!n't )\bunsubscribe\b|(?<!not )(?<!n't )\bopt(?:ing)? (?:me |us )?out\b"
    r"|\bno more (?:replies|answers|tweets|messages|mentions|posts|bots?)\b"
    r"|\b(?:remove|take|delete) me (?:from|off|out of)\b"
    r"|\b(?:don't|do not|dont) want you to (?:reply|respond|answer)\b"
    r"|\b(?:don't|do not|dont) want (?:your|any|any more|more) (?:replies|answers|tweets|messages|mentions)\b"
)
# Whoever asks a question or for a joke speaks about stopping rather than asks for it.
_ABOUT = re.compile(
    r"(?:tell|give|what|who|which|when|where|why|did|does|is|are|was|were|joke|fact|sing|show|explain|say)\b"
)
_HOW = re.compile(
    r"(?:how (?:do|can) (?:i|we)|(?:can|could|will|would) (?:you|i)|i want to|i would like to|i'd like to)\b ?"
)
MAX_WORDS = 12
_SKIPPED = re.compile(r"@\w+|https?://\S+|t\.co/\S+")


class _Phrases(msgspec.Struct, frozen=True):
    out: frozenset[str]
    back: frozenset[str] = msgspec.field(name="in")
    polite: frozenset[str]


def opt_out_in(text: str) -> bool | None:
    """Return True where the author wants no more replies, False where they want replies again, else None."""
    words = _words(text)
    if not words or len(words.split()) > MAX_WORDS:
        return None
    phrases, plain = _phrases(), _without_politeness(words)
    if plain in phrases.out:
        return True
    if plain in phrases.back:
        return False
    asked = _HOW.sub("", plain, count=1)
    wanted = not _ABOUT.match(asked) and (asked in phrases.out or _OUT.search(asked) is not None)
    return True if wanted else None


@functools.cache
def _phrases() -> _Phrases:
    content = (Path(__file__).parent / "opt_out.json").read_bytes()
    return msgspec.json.decode(content, type=_Phrases)


def _words(text: str) -> str:
    """Return the words in lower case, without mentions, links, punctuation and emojis."""
    plain = _SKIPPED.sub(" ", unicodedata.normalize("NFKC", text).replace("’", "'").casefold())
    # Letters, digits, and the marks that belong to letters.
    return " ".join("".join(c if c == "'" or unicodedata.category(c)[0] in "LNM" else " " for c in plain).split())


def _without_politeness(words: str) -> str:
    """Return the words without polite ones at either end."""
    polite = _phrases().polite
    while True:
        shorter = words
        for each in polite:
            shorter = shorter.removeprefix(f"{each} ").removesuffix(f" {each}")
        if shorter == words:
            return words
        words = shorter
