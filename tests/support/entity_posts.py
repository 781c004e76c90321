"""Posts with labelled entities, and how many of them a finder gets right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.support.paths import ROOT
from twbot.local.models.entities import _ADDRESSED, _NAMEABLE, TYPES, Entity, _model

SET = ROOT / "tests" / "measure" / "sets" / "entities.tsv"
Finder = Callable[[str], list[Entity]]


class Post(NamedTuple):
    """A post of the set, and its entities as type and words."""

    part: str
    text: str
    labels: Counter[tuple[str, str]]


class Shares(NamedTuple):
    """Precision, recall and F1 over all entities, from 0 to 1."""

    precision: float
    recall: float
    f1: float


def read_set() -> list[Post]:
    """Return the posts of sets/entities.tsv."""
    lines = [line.split("\t") for line in SET.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [Post(part, text, _labels(*rest)) for part, text, *rest in lines]


def model_alone(text: str) -> list[Entity]:
    """Find entities as twbot did before it had lists: spaCy's, with handles and links blanked out."""
    blanked = _ADDRESSED.sub(lambda found: " " * len(found[0]), text).replace("#", " ")
    return [
        Entity(TYPES.get(span.label_, "OTHER"), span.text, span.start_char, span.end_char)
        for span in _model()(blanked).ents
        if _NAMEABLE.search(span.text)
    ]


def shares(posts: Iterable[Post], find: Finder, *, typed: bool = True) -> Shares:
    """Compare what is found with the labels; the article "the" does not count, without `typed` nor does the type."""
    right = found = wanted = 0
    for post in posts:
        ours, theirs = Counter(keys(find(post.text))), post.labels
        if not typed:
            ours, theirs = _untyped(ours), _untyped(theirs)
        right, found, wanted = right + (ours & theirs).total(), found + ours.total(), wanted + theirs.total()
    return Shares(right / found, right / wanted, 2 * right / (found + wanted))


def keys(found: list[Entity]) -> list[tuple[str, str]]:
    """Return what counts of each: its type, and its words in lower case without the article."""
    return [(each.type, _bare(each.text)) for each in found]


def _labels(written: str = "") -> Counter[tuple[str, str]]:
    pairs = (label.strip().split("=", 1) for label in written.split(" | ") if label)
    return Counter((kind, _bare(text)) for kind, text in pairs)


def _untyped(keys: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    return Counter(("", text) for _, text in keys.elements())


def _bare(text: str) -> str:
    return text.lower().strip().removeprefix("the ")
