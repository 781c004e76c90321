"""X's rules of how much a text counts, from twitter-text-parser. Import it only where needed, as that is slow."""

from __future__ import annotations

import importlib.resources
import importlib.util
import sys
import types


def _resource(module: str, name: str) -> bytes:
    return importlib.resources.files(module.rpartition(".")[0]).joinpath(name).read_bytes()


def _with_pkg_resources() -> None:
    """Provide the part of pkg_resources through which twitter-text-parser 3.0.0 reads its list of emojis."""
    # setuptools no longer has pkg_resources.
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

__all__ = ["ADDRESS", "EMOJI", "cost", "emojis", "parse_tweet", "urls"]

_RULES = config["defaults"]
EMOJI: int = _RULES["default_weight"] // _RULES["scale"]
ADDRESS: int = _RULES["transformed_url_length"]
emojis = extract_emojis_with_indices
urls = extract_urls_with_indices


def cost(character: str) -> int:
    """Return how much a character counts on X, 1 or 2."""
    return int(get_character_weight(character, _RULES) // _RULES["scale"])
