"""How well the local chatbot tells what a post is about, and what is for no intent at all."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.measure.tables import Table
from tests.support.paths import ROOT
from twbot.lambdas.responding.utterance import to_utterance
from twbot.local.models.embedding import read
from twbot.local.models.intents import Intents, ordinary
from twbot.local.models.sentiment import plain, sentiment
from twbot.local.models.training.intents import NO_INTENT, Post, Result, Scored, bots_of, posts_of, result, scored

SETS = ROOT / "tests" / "measure" / "sets"


class Group(NamedTuple):
    """Posts that are counted together."""

    name: str
    has: Callable[[Post], bool]
    before: Result
    """Of twbot at 14a9427: cosine similarity of all-MiniLM-L6-v2 to the nearest utterance, from 0.5 on."""


GROUPS = (
    Group("twbot, English", lambda post: (post.bot, post.language) == ("twbot", "en"), Result(124, 12, 19, 2)),
    Group("twbot, 11 languages", lambda post: post.bot == "twbot" and post.language != "en", Result(22, 0, 55, 0)),
    Group("coffee shop", lambda post: post.bot == "coffee", Result(26, 1, 13, 0)),
    Group("museum, in German", lambda post: post.bot == "museum", Result(22, 4, 6, 0)),
)


def measure() -> list[Table]:
    bots = bots_of((SETS / "intents_bots.json").read_bytes())
    posts = posts_of((SETS / "intents.tsv").read_text(encoding="utf-8"))
    found = scored(posts, bots, ordinary())
    return [
        _understanding(found),
        _mood(found),
        _languages(found),
        _confidence(found),
        _cost(posts, Intents(bots["twbot"])),
    ]


def _understanding(found: Sequence[Scored]) -> Table:
    rows: list[tuple[str, ...]] = []
    for group in GROUPS:
        part = [each for each in found if group.has(each.post)]
        unrelated = sum(each.post.intent == NO_INTENT for each in part)
        now = result(part, ordinary().threshold)
        pairs = [f"{then} → {now_}" for then, now_ in zip(group.before, now, strict=True)]
        rows.append((group.name, f"{len(part)} ({unrelated} of no intent)", *pairs))
    return Table(
        "Intents",
        ("bot", "posts", "right", "answered without cause", "missed", "wrong intent"),
        rows,
        "Before → now. The posts are ours (tests/measure/sets/intents.tsv): slang, typos, emoji; rude, sad, ironic and "
        "ordinary posts, many of which share words with an utterance. No threshold was chosen on them. The mood of a "
        "post is not counted here.",
    )


def _mood(found: Sequence[Scored]) -> Table:
    ours = [each for each in found if each.post.bot == "twbot"]
    slope, threshold = ordinary().slope, ordinary().threshold
    heard = []
    for each in ours:
        name, scores = sentiment(each.post.text)
        spared = (
            each.nearest != "Help" and name == "NEGATIVE" and scores["NEGATIVE"] > _sure(each.score, slope, threshold)
        )
        heard.append(each._replace(score=-1.0) if spared else each)
    rows: list[tuple[str, ...]] = [
        (label, *map(str, result(part, threshold))) for label, part in (("words alone", ours), ("and the mood", heard))
    ]
    return Table(
        "Intents of our bot, and the mood of the post",
        ("heeded", "right", "answered without cause", "missed", "wrong intent"),
        rows,
        "Where the sentiment is surer that a post is negative than the chatbot is of a cheerful intent, the fallback "
        "answers (lambdas/responding/mood.py). Lex needs that more than the local chatbot, which knows ordinary posts.",
    )


def _sure(score: float, slope: float, threshold: float) -> float:
    return 1 / (1 + math.exp(slope * (threshold - score)))


def _languages(found: Sequence[Scored]) -> Table:
    rows: list[tuple[str, ...]] = []
    for language in dict.fromkeys(each.post.language for each in found if each.post.bot == "twbot"):
        part = [each for each in found if each.post.bot == "twbot" and each.post.language == language]
        meant = [each for each in part if each.post.intent != NO_INTENT]
        others = [each for each in part if each.post.intent == NO_INTENT]
        counts = [result(some, ordinary().threshold) for some in (meant, others)]
        rows.append((language, f"{counts[0].right} of {len(meant)}", f"{counts[1].false_positives} of {len(others)}"))
    return Table("Intents by language", ("language", "understood", "answered without cause"), rows)


def _confidence(found: Sequence[Scored]) -> Table:
    slope, threshold = ordinary().slope, ordinary().threshold
    sure = [(_sure(each.score, slope, threshold), each.nearest == each.post.intent) for each in found]
    rows: list[tuple[str, ...]] = []
    for low, high in ((0.5, 0.7), (0.7, 0.9), (0.9, 1.01)):
        part = [right for confidence, right in sure if low <= confidence < high]
        rows.append((f"{low} to {min(high, 1.0)}", str(len(part)), f"{sum(part) / max(len(part), 1):.2f}"))
    return Table("Confidence of an intent", ("confidence", "posts", "share that is right"), rows)


def _cost(posts: Sequence[Post], bot: Intents) -> Table:
    texts = list(dict.fromkeys(to_utterance(post.text) for post in posts))
    start = time.thread_time()
    for text in texts:
        read.__wrapped__(plain(text))
    embedding = time.thread_time() - start
    for text in texts:
        read(plain(text))
    start = time.thread_time()
    for text in texts:
        bot.rank(text)
    ranking = time.thread_time() - start
    return Table(
        "Cost of an intent",
        ("step", "share of the CPU time"),
        [
            ("embedding, which the sentiment has made already", f"{embedding / (embedding + ranking):.2f}"),
            ("comparing", f"{ranking / (embedding + ranking):.2f}"),
        ],
    )
