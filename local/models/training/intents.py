"""Chooses when the local chatbot takes a post for one of its intents; writes data/ordinary_posts.npz. For developers:

    python -m twbot.local.models.training.intents

It reads ordinary posts (data/ordinary_posts.tsv), and what people say to several bots (data/intents_posts.tsv): ours,
and those of data/intents_bots.json. Each half of the posts chooses a threshold, the other half checks it, and the
stricter one is taken. Nothing is random.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from twbot.lambdas.folder.folder import SHIPPED, read_folder
from twbot.lambdas.responding.utterance import to_utterance
from twbot.local.models.embedding import DATA, embed_all
from twbot.local.models.intents import ORDINARY, Intents, Ordinary, Space

if TYPE_CHECKING:
    from twbot.local.models.intents import Numbers

# The name of our own bot in data/intents_posts.tsv.
OURS = "twbot"
NO_INTENT = "-"
HOSTILE = "hostile"
# Share of the posts without an intent that may be answered all the same.
FALSE_POSITIVES = 0.03
SLOPES = np.arange(2.0, 40.0, 0.5)


class Post(NamedTuple):
    """A post to a bot, and the intent that it is of; NO_INTENT for none."""

    bot: str
    language: str
    intent: str
    text: str


class OrdinaryPost(NamedTuple):
    """A post that asks a bot for nothing."""

    language: str
    mood: str
    """HOSTILE: rude or angry; "-" for any other. Only English ones have one."""
    text: str


class Scored(NamedTuple):
    """A post with the nearest intent, and by how much it is nearer than ordinary posts."""

    post: Post
    nearest: str
    score: float

    def answered(self, threshold: float) -> str:
        return self.nearest if self.score >= threshold else NO_INTENT


class Result(NamedTuple):
    """How many posts are understood, answered without cause, not understood, and taken for another intent."""

    right: int
    false_positives: int
    missed: int
    wrong: int


def ordinary_posts() -> list[OrdinaryPost]:
    """Return the posts of data/ordinary_posts.tsv: language, mood and text."""
    lines = (DATA / "ordinary_posts.tsv").read_text(encoding="utf-8").splitlines()
    return [OrdinaryPost(*line.split("\t")) for line in lines]


def posts_of(content: str) -> list[Post]:
    """Return the posts of lines of bot, language, intent and text."""
    return [Post(*line.split("\t")) for line in content.splitlines()]


def bots_of(content: bytes) -> dict[str, dict[str, list[str]]]:
    """Return the utterances of each intent of each bot of the JSON, and of our own bot."""
    ours = {intent.name: intent.utterances for intent in read_folder(SHIPPED).chatbot().intents}
    return {OURS: ours, **msgspec.json.decode(content, type=dict[str, dict[str, list[str]]])}


def space_of(embeddings: Numbers, languages: Sequence[str]) -> Space:
    """Return the space in which the means of the languages are the same."""
    of = np.array(languages)
    means = np.stack([embeddings[of == language].mean(axis=0) for language in dict.fromkeys(languages)])
    middle = means.mean(axis=0)
    return Space(middle, np.linalg.svd(means - middle, full_matrices=False)[2][: len(means) - 1])


def unseen(posts: Iterable[Post], bots: Mapping[str, Mapping[str, Sequence[str]]]) -> list[Post]:
    """Return the posts that are none of their bot's utterances: those say nothing about the threshold."""
    taught = {(bot, text.lower()) for bot, intents in bots.items() for texts in intents.values() for text in texts}
    return [post for post in posts if (post.bot, to_utterance(post.text).lower()) not in taught]


def scored(posts: Sequence[Post], bots: Mapping[str, Mapping[str, Sequence[str]]], ordinary: Ordinary) -> list[Scored]:
    """Return the posts with what the matcher says about them."""
    matchers = {bot: Intents(intents, ordinary) for bot, intents in bots.items()}
    nearest = [matchers[post.bot].compare(to_utterance(post.text))[0] for post in posts]
    return [Scored(post, *best) for post, best in zip(posts, nearest, strict=True)]


def result(found: Iterable[Scored], threshold: float) -> Result:
    """Count right and wrong answers."""
    pairs = [(each.post.intent, each.answered(threshold)) for each in found]
    return Result(
        right=sum(wanted == got for wanted, got in pairs),
        false_positives=sum(wanted == NO_INTENT != got for wanted, got in pairs),
        missed=sum(wanted != NO_INTENT == got for wanted, got in pairs),
        wrong=sum(NO_INTENT not in (wanted, got) and wanted != got for wanted, got in pairs),
    )


def threshold_of(found: Sequence[Scored]) -> float:
    """Return the lowest threshold that lets no more than FALSE_POSITIVES pass, half-way to the next lower score."""
    allowed = int(FALSE_POSITIVES * sum(each.post.intent == NO_INTENT for each in found))
    unwanted = sorted((each.score for each in found if each.post.intent == NO_INTENT), reverse=True)
    above = min(each.score for each in found if each.score > unwanted[allowed])
    return (unwanted[allowed] + above) / 2


def slope_of(found: Sequence[Scored], threshold: float) -> float:
    """Return the slope of the logistic curve through the threshold that makes what is right likeliest."""
    surplus = np.array([each.score - threshold for each in found])
    signs = np.array([1 if each.nearest == each.post.intent else -1 for each in found])
    losses = [np.logaddexp(0, -slope * surplus * signs).sum() for slope in SLOPES]
    return float(SLOPES[int(np.argmin(losses))])


def ordinary_of(posts: Sequence[OrdinaryPost]) -> Ordinary:
    """Return the posts in their space, with a threshold that is still to be chosen."""
    embeddings = embed_all([to_utterance(post.text) for post in posts])
    space = space_of(embeddings, [post.language for post in posts])
    english = np.array([post.language == "en" for post in posts])
    hostile = np.array([post.mood == HOSTILE for post in posts])
    return Ordinary(space, space.place(embeddings[english]), hostile[english], threshold=0.0, slope=1.0)


def main() -> None:
    ordinary = ordinary_of(ordinary_posts())
    bots = bots_of((DATA / "intents_bots.json").read_bytes())
    posts = unseen(posts_of((DATA / "intents_posts.tsv").read_text(encoding="utf-8")), bots)
    found = scored(posts, bots, ordinary)
    halves = (found[::2], found[1::2])
    thresholds = [threshold_of(half) for half in halves]
    for threshold, other in zip(thresholds, reversed(halves), strict=True):
        print(f"{threshold:.3f}, chosen on one half, on the other: {result(other, threshold)}", file=sys.stderr)
    threshold = max(thresholds)
    slope = slope_of(found, threshold)
    print(f"threshold {threshold:.3f}, slope {slope}: {result(found, threshold)}", file=sys.stderr)
    arrays = {**ordinary.space._asdict(), "posts": ordinary.posts}
    rounded = {name: rows.astype(np.float16) for name, rows in arrays.items()}
    np.savez(ORDINARY, hostile=ordinary.hostile, threshold=threshold, slope=slope, **rounded)


if __name__ == "__main__":
    main()
