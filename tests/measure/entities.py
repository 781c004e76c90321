"""Measures the entities of posts: with the lists of names, and without them as before."""

from __future__ import annotations

import time
from collections import Counter

from tests.measure.tables import Table
from tests.support.entity_posts import Finder, Post, keys, model_alone, read_set, shares
from twbot.local.models.entities import entities


def measure() -> list[Table]:
    posts = read_set()
    return [_of_parts(posts), _of_types(posts)]


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
            ours = Counter(keys(find(post.text)))
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
