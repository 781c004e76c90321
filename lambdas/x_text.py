"""Text as X counts and reads it: cut to 280 weighted characters, and kept from turning into links."""

from __future__ import annotations

import importlib.resources
import importlib.util
import re
import sys
import types
import unicodedata

LIMIT = 280
# Longer input only costs time: no cut can lie beyond.
LONGEST = 4000
ELLIPSIS = "…"
INVISIBLE = "\u200b"
JOINER = "\u200d"
NEVER = "\ufeff\ufffe\uffff"
MARKS = ("Mn", "Mc", "Me")
_LINKED = re.compile(r"([@＠#＃](?=\w)|[$](?=[A-Za-z]))")
# Parsing takes a millisecond: most texts can do without.
_MAYBE_ADDRESS = re.compile(r"\.\S|\r")


def _resource(module: str, name: str) -> bytes:
    return importlib.resources.files(module.rpartition(".")[0]).joinpath(name).read_bytes()


def _with_pkg_resources() -> None:
    """twitter-text-parser 3.0.0 reads its emoji list through pkg_resources, which setuptools dropped."""
    if importlib.util.find_spec("pkg_resources") is None:
        stand_in = types.ModuleType("pkg_resources")
        stand_in.resource_string = _resource  # type: ignore[attr-defined]
        sys.modules["pkg_resources"] = stand_in


_with_pkg_resources()
from twitter_text import parse_tweet  # noqa: E402
from twitter_text.config import config  # noqa: E402
from twitter_text.extract_emojis import extract_emojis_with_indices  # noqa: E402
from twitter_text.extract_urls import extract_urls_with_indices  # noqa: E402
from twitter_text.get_character_weight import get_character_weight  # noqa: E402

RULES = config["defaults"]
EMOJI = RULES["default_weight"] // RULES["scale"]
ADDRESS = RULES["transformed_url_length"]


def weight(text: str) -> int:
    """What a text counts on X."""
    if text.isascii() and not _MAYBE_ADDRESS.search(text):
        return len(text)
    return int(parse_tweet(text).weightedLength)


def fit(text: str, limit: int = LIMIT) -> str:
    """The text if X takes it, else as many whole words of it as fit, and an ellipsis."""
    clean = unicodedata.normalize("NFC", "".join(c for c in text if _is_sendable(c)))[:LONGEST].strip()
    if weight(clean) <= limit:
        return clean
    end = _how_many_fit(clean, limit - weight(ELLIPSIS))
    space = max(clean.rfind(blank, end // 2, end + 1) for blank in " \n")
    return clean[: space if space > 0 else end].rstrip(" \n\t.,;:–—-") + ELLIPSIS


def neutralise(text: str) -> str:
    """The same words, with nothing in them that X would link: no mention, hashtag, cashtag or address."""
    unlinked = _LINKED.sub(rf"\1{INVISIBLE}", text)
    for _ in range(3):
        found = extract_urls_with_indices(unlinked) if _MAYBE_ADDRESS.search(unlinked) else []
        for url in reversed(found):
            start, end = url["indices"]
            broken = unlinked[start:end].replace(".", f".{INVISIBLE}").replace("://", f":{INVISIBLE}//")
            unlinked = unlinked[:start] + broken + unlinked[end:]
    return unlinked


def _is_sendable(character: str) -> bool:
    """X refuses some of these, the others say nothing; line ends stay."""
    return character in "\n\t" or not (unicodedata.category(character) in ("Cc", "Cs") or character in NEVER)


def _how_many_fit(text: str, limit: int) -> int:
    """How many code points from the left fit; an emoji, an address, a letter with its marks goes in whole."""
    wholes = {found["indices"][0]: (found["indices"][1], EMOJI) for found in extract_emojis_with_indices(text)}
    wholes |= {found["indices"][0]: (found["indices"][1], ADDRESS) for found in extract_urls_with_indices(text)}
    end = 0
    while end < len(text):
        stop, cost = wholes.get(end) or (end + 1, get_character_weight(text[end], RULES) // RULES["scale"])
        if cost > limit:
            break
        end, limit = stop, limit - cost
    while 0 < end < len(text) and (unicodedata.category(text[end]) in MARKS or JOINER in text[end - 1 : end + 1]):
        end -= 1
    return end
