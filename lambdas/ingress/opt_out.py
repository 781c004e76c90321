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

_ASK = r"(?:reply|respond|answer|tweet|message|mention|tag|contact|bother|talk|write|post|dm|ping|text|notify|bug|spam)"
_ASKING = (
    r"(?:replying|responding|answering|tweeting|messaging|mentioning|tagging|contacting|bothering|talking|writing|posting"
    r"|dming|pinging|texting|notifying|spamming|harassing|annoying|sending|bugging|pestering|trolling)"
)
_WHOM = r"(?:to |at |with |for )?(?:me|us)"
# Sentences have too many forms for a list. Each of these names who is to be left alone, so that it can be no quotation.
_OUT = re.compile(
    rf"(?<!never )(?<!not )(?<!n't )\b(?:stop|quit|cease) {_ASKING}\b"
    rf"(?:.*\b{_WHOM}\b|.*\bmy (?:tweets|posts|mentions|replies)\b|$)"
    rf"|\b(?:don't|do not|dont|never) (?:ever )?{_ASK} {_WHOM}\b"
    r"|(?<!never )(?<!not )(?<!n't )\bleave (?:me|us) (?:the \w+ )?(?:alone|be|in peace)\b"
    r"|(?<!not )(?<!n't )\bunsubscribe\b(?! (?:link|button|page|form|option)s?\b)"
    r"|(?<!not )(?<!n't )\bopt(?:ing)? (?:me |us )?out\b"
    r"|\bno more (?:replies|answers|tweets|messages|mentions|posts|bots?)\b"
    r"|\b(?:remove|take|delete) me (?:from|off|out of)\b"
    rf"|\b(?:don't|do not|dont) want you (?:to {_ASK}|{_ASKING})\b"
    r"|\b(?:don't|do not|dont) want (?:(?:your|any|any more|more) )?(?:replies|answers|tweets|messages|mentions)\b"
)
# Whoever asks a question or for a joke speaks about stopping rather than asks for it.
_ABOUT = re.compile(
    r"(?:tell|give|what|who|which|when|where|why|did|does|is|are|was|were|joke|fact|sing|show|explain|say)\b"
)
_HOW = re.compile(
    r"(?:how (?:do|can) (?:i|we)|(?:can|could|will|would) (?:you|i)|i want to|i would like to|i'd like to)\b ?"
)
MAX_WORDS = 12
# Characters. Whoever writes more writes about something else.
MAX_EXPLANATION = 560
_SKIPPED = re.compile(r"@\w+|https?://\S+|t\.co/\S+")
# "Don't @ me": a sign that is a verb.
_SIGNED = re.compile(r"(?<=\s)@(?=ing\b|\s+(?:me|us)\b)")
_SENTENCE_END = re.compile(r"[.!?…。！？।\n]+")
_CLAUSE_END = re.compile(r"[.!?…。！？।\n,;:，；：、—–]+")
_REPEATED = re.compile(r"\b(\w++)(?: \1\b)+")
# "stooop", "s t o p": no word of the phrases has a letter three times in a row.
_DRAWN_OUT = re.compile(r"([^\W\d])\1{2,}")
_SPELLED = re.compile(r"(?<!\w)[^\W\d](?: [^\W\d])+(?!\w)")
# What somebody said to somebody else. "I told you to leave me alone" is meant.
_REPORTED = re.compile(
    r"\b(?:told|tells?|telling|ask(?:s|ed|ing)?|begg?(?:ed|s|ing)?) (?!(?:you|u)\b)(?:\w+ ){1,2}(?:not )?to\b"
    r"|\b(?:says?|said) (?:not )?to\b"
)


class _Phrases(msgspec.Struct, frozen=True):
    out: frozenset[str]
    back: frozenset[str] = msgspec.field(name="in")
    polite: frozenset[str]


def opt_out_in(text: str) -> bool | None:
    """Return True where the author wants no more replies, False where they want replies again, else None."""
    plain = _plain(text)
    if plain in _phrases().back:
        return False
    if _asks_to_stop(plain):
        return True
    # Who explains why, or asks for something else first, says it in one of several sentences.
    ends = _SENTENCE_END if plain else _CLAUSE_END
    parts = [part for each in ends.split(text[:MAX_EXPLANATION]) if (part := each.strip())]
    if plain and len(parts) == 1:
        return None  # the same words again
    return True if any(_asks_to_stop(_plain(each)) for each in parts) else None


def _plain(text: str) -> str:
    """Return the words without politeness and repetitions; "" where there are too many."""
    words = _words(text)
    return "" if len(words.split()) > MAX_WORDS else _REPEATED.sub(r"\1", _without_politeness(words))


def _asks_to_stop(plain: str) -> bool:
    asked = _without_politeness(_HOW.sub("", plain, count=1))
    if {plain, asked, _bare(asked)} & _phrases().out:
        return True
    return not _ABOUT.match(asked) and not _REPORTED.search(asked) and _OUT.search(asked) is not None


def _bare(words: str) -> str:
    """Return the words without polite ones between them, as in: lass mich bitte in Ruhe."""
    return " ".join(each for each in words.split() if each not in _phrases().polite)


@functools.cache
def _phrases() -> _Phrases:
    content = (Path(__file__).parent / "opt_out.json").read_bytes()
    return msgspec.json.decode(content, type=_Phrases)


def _words(text: str) -> str:
    """Return the words in lower case, without mentions, links, punctuation and emojis."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").casefold()
    plain = _SKIPPED.sub(" ", _SIGNED.sub("tag", plain).replace("taging", "tagging"))
    kept = plain.translate(_ASCII) if plain.isascii() else "".join(map(_letter, plain))
    words = " ".join(filter(None, (word.strip("'") for word in kept.split())))
    return _DRAWN_OUT.sub(r"\1", _SPELLED.sub(lambda letters: letters[0].replace(" ", ""), words))


def _letter(character: str) -> str:
    """Return a letter, a digit or a mark that belongs to a letter as it is, for others a space."""
    category = unicodedata.category(character)
    if category == "Cf":  # an invisible character divides no word
        return ""
    return character if character == "'" or category[0] in "LNM" else " "


_ASCII = {number: _letter(chr(number)) for number in range(128)}


@functools.cache
def _polite() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return how a text with a polite phrase begins and ends: the longest first, as one phrase may begin another."""
    phrases = sorted(_phrases().polite, key=len, reverse=True)
    return tuple(f"{each} " for each in phrases), tuple(f" {each}" for each in phrases)


def _without_politeness(words: str) -> str:
    """Return the words without polite ones at either end."""
    starts, ends = _polite()
    while words.startswith(starts):
        words = words.removeprefix(next(each for each in starts if words.startswith(each)))
    while words.endswith(ends):
        words = words.removesuffix(next(each for each in ends if words.endswith(each)))
    return words
