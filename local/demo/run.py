"""The demo: people post on a simulated X, and each post's result is compared with the scenario's expectation."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from twbot.lambdas.analytics.saved_queries import SavedQuery, saved_queries
from twbot.lambdas.contracts import Event, MessageAnalysed, read
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.settings import Settings
from twbot.local.bus.history import History
from twbot.local.data_folder import DataFolder
from twbot.local.demo.scenario import ACCOUNT_ACTIVITY, BOT, X_ACTIVITY, Generation, Outcome, Scene
from twbot.local.lake.lake import Lake
from twbot.local.server.log_writer import logging_to
from twbot.local.simulator.client import SimulatorClient
from twbot.local.simulator.sample_pictures import FOLDER as PICTURES
from twbot.local.system import System, beside_simulated_x

SETTLE_SECONDS = 60.0  # until all posts must be handled


class Entity(msgspec.Struct, frozen=True):
    text: str
    type: str


class DemoReply(msgspec.Struct, frozen=True):
    id: str
    text: str
    images: list[str]


class DemoPost(msgspec.Struct, frozen=True, kw_only=True):
    """One post of the demo, with its analysis and its reply."""

    id: str
    author: str
    text: str
    images: list[str]
    """Paths of the downloaded pictures."""
    generation: Generation
    delivered: int
    """How often the webhook accepted the post."""
    outcome: Outcome
    language: str | None = None
    sentiment: str | None = None
    entities: list[Entity] = []
    celebrities: list[str] = []
    labels: list[str] = []
    detected_text: list[str] = []
    alerted: bool = False
    reply: DemoReply | None = None
    seconds: float | None = None
    """Seconds from the post to its reply."""
    why: str | None = None
    """The reason why there is no reply."""


class Answer(msgspec.Struct, frozen=True):
    columns: list[str]
    rows: list[list[Any]]


class DemoResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the demo."""

    ok: bool
    """Whether there are no problems."""
    posts: list[DemoPost]
    events: dict[str, int]
    """The number of events by type."""
    alerts: list[dict[str, Any]]
    queries: dict[str, Answer]
    """The answers of the saved queries, by name."""
    problems: list[str]
    """The differences from the scenario's expectations, one sentence each."""


class _Posted(NamedTuple):
    scene: Scene
    generation: Generation
    post: dict[str, Any]


def run_demo(data: Path, *, pictures: Path, on_progress: Callable[[str], None]) -> DemoResult:
    """Run the demo on the data folder `data`, and write the posts' and replies' pictures into `pictures`.

    Raises TwbotError where the bot or the simulated X does not start, or posts are still under way after a minute.
    """
    home = DataFolder(data)
    with logging_to(home.log):
        return _run(home, pictures, on_progress)


def _run(home: DataFolder, pictures: Path, on_progress: Callable[[str], None]) -> DemoResult:
    with beside_simulated_x(home, Settings(), on_progress=on_progress) as system:
        assert system.x is not None
        on_progress("Loading the models")
        # Load the models before anybody posts: else the first reply's time would contain their loading.
        system.bot.analysers.warm()
        on_progress("People post")
        posted = _act(system.x.client)
        on_progress("The bot understands and replies")
        _settle(system)
        return _result(posted, system, home, pictures)


def _act(x: SimulatorClient) -> list[_Posted]:
    generations: tuple[tuple[Generation, tuple[Scene, ...]], ...] = (
        ("v1.1", ACCOUNT_ACTIVITY),
        ("x-activity", X_ACTIVITY),
    )
    posted: list[_Posted] = []
    for generation, scenes in generations:
        for scene in scenes:
            posted.append(_Posted(scene, generation, _play(scene, generation, posted, x)))
    return posted


def _play(scene: Scene, generation: Generation, posted: list[_Posted], x: SimulatorClient) -> dict[str, Any]:
    own = next((each.post["id"] for each in posted if each.scene.author == BOT), None)
    if scene.how == "forge":
        return x.forge(scene.author, scene.text, generation=generation)
    post = x.post(
        scene.author,
        scene.text,
        images=[PICTURES / name for name in scene.pictures],
        repost=own if scene.how == "repost" else None,
        reply_to=own if scene.how == "answer the bot" else None,
        generation=generation,
    )
    for _ in range(scene.delivered - 1):
        x.resend(post["id"])
    return post


def _settle(system: System) -> None:
    assert system.x is not None
    until = time.monotonic() + SETTLE_SECONDS
    # X's deliveries first: an idle bus means nothing while a post is still on its way to the webhook.
    while system.x.client.deliveries(state="pending") or not system.bot.bus.drain(1.0, retries=True):
        if time.monotonic() > until:
            raise TwbotError(f"{system.bot.bus.waiting} deliveries are still under way after {SETTLE_SECONDS:.0f} s.")


def _result(posted: list[_Posted], system: System, home: DataFolder, pictures: Path) -> DemoResult:
    alerts = system.bot.alerts.newest()
    alerted = {alert.tweet_id for alert in alerts}
    with History(home.bus) as history:
        events = history.events_by_type()
        analysed = {each.detail["Twitter"]["TweetId"]: each for each in history.events(detail_type="MESSAGE_ANALYSED")}
        dead = [f"dead letter: {each.rule}: {each.error}" for each in history.dead_letters()]
    assert system.x is not None
    posts, problems = [], dead
    for each in posted:
        post, differences = _check_post(each, analysed, alerted, system.x.client, pictures)
        posts.append(post)
        problems += differences
    problems += _check_counts(posts, events, len(alerts))
    queries = {name: _answer(system.bot.lake, saved) for name, saved in saved_queries().items()}
    return DemoResult(
        ok=not problems,
        posts=posts,
        events=events,
        alerts=[msgspec.to_builtins(alert) for alert in alerts],
        queries=queries,
        problems=problems,
    )


def _answer(lake: Lake, saved: SavedQuery) -> Answer:
    result = lake.query(saved.sql, [parameter.default for parameter in saved.parameters])
    return Answer(result.columns, result.rows)


def _check_post(
    posted: _Posted, analysed: dict[str, Event], alerted: set[str], x: SimulatorClient, pictures: Path
) -> tuple[DemoPost, list[str]]:
    scene, post = posted.scene, posted.post
    replies = x.replies(post["id"], author=BOT) if scene.author != BOT else []
    deliveries = x.deliveries(post["id"])
    shown = DemoPost(
        id=post["id"],
        author=scene.author,
        text=post["full_text"] if scene.how == "repost" else scene.text,
        images=_save(post, pictures / scene.author, x),
        generation=posted.generation,
        delivered=sum(each["state"] == "delivered" for each in deliveries),
        outcome=_outcome(scene, post, replies),
        alerted=post["id"] in alerted,
        reply=_reply(replies, pictures / f"{scene.author}-reply", x),
        seconds=(replies[0]["created_ms"] - post["created_ms"]) / 1000 if replies else None,
        why=None if replies else _why(scene, post),
    )
    if event := analysed.get(post["id"]):
        shown = _with_analysis(shown, read(event.detail, MessageAnalysed))
    return shown, _compare(scene, shown, len(replies))


def _outcome(scene: Scene, post: dict[str, Any], replies: list[dict[str, Any]]) -> Outcome:
    if scene.how == "forge":
        return "rejected" if 400 <= post["status"] < 500 else "ignored"
    return "replied" if replies else "ignored"


def _why(scene: Scene, post: dict[str, Any]) -> str:
    if scene.how == "forge":
        return f"turned away with {post['status']}: X never signed it"
    if scene.author == BOT:
        return "the bot's own post: left alone"
    if scene.how == "repost":
        return "a repost: left alone"
    return "understood, not answered: it neither mentions nor quotes the bot"


def _with_analysis(shown: DemoPost, message: MessageAnalysed) -> DemoPost:
    found = [image.analysis for image in message.analysis.images]
    return msgspec.structs.replace(
        shown,
        language=message.analysis.language,
        sentiment=message.analysis.text_sentiment,
        entities=[Entity(each["Text"], each["Type"]) for each in message.analysis.text_entities],
        celebrities=[face["Name"] for image in found for face in image.celebrity_faces],
        labels=[label["Name"] for image in found for label in image.labels],
        detected_text=[
            line["DetectedText"]
            for image in found
            for line in image.text_detections
            if line["Type"] == "LINE" and line["DetectedText"]
        ],
    )


def _save(post: dict[str, Any], stem: Path, x: SimulatorClient) -> list[str]:
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, media in enumerate(post["media"], 1):
        path = stem.with_name(f"{stem.name}-{number}{Path(media['url']).suffix}")
        path.write_bytes(x.media(media["url"]))
        paths.append(str(path))
    return paths


def _reply(replies: list[dict[str, Any]], stem: Path, x: SimulatorClient) -> DemoReply | None:
    return DemoReply(replies[0]["id"], replies[0]["text"], _save(replies[0], stem, x)) if replies else None


def _compare(scene: Scene, post: DemoPost, replies: int) -> list[str]:
    """Return the differences between a scene's expectation and its result."""
    expected: list[tuple[str, object, object]] = [
        ("outcome", scene.outcome, post.outcome),
        ("replies", int(scene.outcome == "replied"), replies),
        ("deliveries", 0 if scene.how == "forge" else scene.delivered, post.delivered),
        ("alerted", post.sentiment == "NEGATIVE", post.alerted),
        ("celebrities", list(scene.celebrities), post.celebrities),
        ("pictures in the reply", len(scene.pictures), len(post.reply.images) if post.reply else 0),
    ]
    if scene.sentiment:
        expected.append(("sentiment", scene.sentiment, post.sentiment))
    if scene.detected_text:
        expected.append(("text", True, any(scene.detected_text in line for line in post.detected_text)))
    start = f"@{post.author} ({post.text[:40]})"
    return [f"{start}: {what} should be {wanted!r}, is {got!r}" for what, wanted, got in expected if wanted != got]


def _check_counts(posts: list[DemoPost], events: dict[str, int], alerts: int) -> list[str]:
    """Return the events and alerts that are missing, or that no post accounts for."""
    analysed = sum(post.language is not None for post in posts)
    replied = sum(post.outcome == "replied" for post in posts)
    counts = {"MESSAGE_RECEIVED": analysed, "MESSAGE_ANALYSED": analysed, "SEND_TWEET": replied, "TWEET_SENT": replied}
    counts |= {"TWEET_FAILED": 0, "ANALYSIS_FAILED": 0}
    wrong = [
        f"{name} happened {events.get(name, 0)} times, not {count}"
        for name, count in counts.items()
        if events.get(name, 0) != count
    ]
    return wrong + ([] if alerts == sum(p.alerted for p in posts) else [f"{alerts} alerts were sent"])
