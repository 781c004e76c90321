"""Measures the entities of posts: with the lists of names, and without them as before."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.measure.tables import Table
from tests.support.paths import ROOT
from twbot.local.models.entities import TYPES, Entity, entities
from twbot.local.models.entities import _model as spacy_model

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


def measure() -> list[Table]:
    posts = read_set()
    return [_of_parts(posts), _of_types(posts)]


def read_set() -> list[Post]:
    """Return the posts of sets/entities.tsv."""
    lines = [line.split("\t") for line in SET.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [Post(part, text, _labels(*rest)) for part, text, *rest in lines]


def shares(posts: Iterable[Post], find: Finder, *, typed: bool = True) -> Shares:
    """Compare what is found with the labels; the article "the" does not count, without `typed` nor does the type."""
    right = found = wanted = 0
    for post in posts:
        ours, theirs = Counter(_keys(find(post.text))), post.labels
        if not typed:
            ours, theirs = _untyped(ours), _untyped(theirs)
        right, found, wanted = right + (ours & theirs).total(), found + ours.total(), wanted + theirs.total()
    return Shares(right / found, right / wanted, 2 * right / (found + wanted))


def model_alone(text: str) -> list[Entity]:
    """Find entities as twbot did before it had lists: spaCy's, with handles and links blanked out."""
    from twbot.local.models.entities import _ADDRESSED, _NAMEABLE

    blanked = _ADDRESSED.sub(lambda found: " " * len(found[0]), text).replace("#", " ")
    return [
        Entity(TYPES.get(span.label_, "OTHER"), span.text, span.start_char, span.end_char)
        for span in spacy_model()(blanked).ents
        if _NAMEABLE.search(span.text)
    ]


def _of_parts(posts: list[Post]) -> Table:
    entities("warm"), model_alone("warm")
    rows = []
    for part in ("tune", "kept"):
        chosen = [post for post in posts if post.part == part]
        times = _times(chosen, (model_alone, entities))
        for name, find in (("before: spaCy alone", model_alone), ("spaCy and lists", entities)):
            typed, spans = shares(chosen, find), shares(chosen, find, typed=False)
            figures = (*typed, spans.f1)
            speed = f"{times[find] / times[model_alone]:.2f}"
            rows.append((part, str(len(chosen)), name, *(f"{each:.2f}" for each in figures), speed))
    return Table(
        "Entities: words and type both right",
        ("part", "posts", "finder", "precision", "recall", "F1", "F1 of the words alone", "CPU time, ratio"),
        rows,
        "The posts of `tests/measure/sets/entities.tsv` are ours, written before the lists. `tune` was looked at while "
        "the lists and rules were made, `kept` was not. One author wrote posts and lists: expect less of other posts.",
    )


def _of_types(posts: list[Post]) -> Table:
    finders = (model_alone, entities)
    right, found = ({find: Counter[str]() for find in finders} for _ in range(2))
    wanted = Counter(kind for post in posts for kind, _ in post.labels.elements())
    for find in finders:
        for post in posts:
            ours = Counter(_keys(find(post.text)))
            right[find].update(kind for kind, _ in (ours & post.labels).elements())
            found[find].update(kind for kind, _ in ours.elements())
    rows = [
        (kind, str(count), *(f"{right[find][kind]} of {found[find][kind]}" for find in finders))
        for kind, count in wanted.most_common()
    ]
    return Table("Entities by type", ("type", "in the posts", "before: right of found", "now: right of found"), rows)


def _times(posts: list[Post], finders: tuple[Finder, ...], rounds: int = 5) -> dict[Finder, float]:
    """Return the CPU seconds that each takes for all posts, in turns: the machine's speed changes."""
    spent = dict.fromkeys(finders, 0.0)
    for _ in range(rounds):
        for find in finders:
            begun = time.process_time()
            for post in posts:
                find(post.text)
            spent[find] += time.process_time() - begun
    return spent


def _labels(written: str = "") -> Counter[tuple[str, str]]:
    pairs = (label.strip().split("=", 1) for label in written.split(" | ") if label)
    return Counter((kind, _bare(text)) for kind, text in pairs)


def _untyped(keys: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    return Counter(("", text) for _, text in keys.elements())


def _keys(found: list[Entity]) -> list[tuple[str, str]]:
    return [(each.type, _bare(each.text)) for each in found]


def _bare(text: str) -> str:
    return text.lower().strip().removeprefix("the ")
