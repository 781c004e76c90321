"""What must be true, computed from outside: what X delivered and was answered 200, against what came of it.

Nothing accepted is lost, each chain of edits has one reply at most and each subscriber one alert about it, every
accepted body is in the archive and in the lake, no secret is in what the bot writes, and the data folder is its
owner's only.
"""

from __future__ import annotations

import gzip
import json
import stat
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.prove.rig import Rig
from tests.prove.trial import Trial
from twbot.lambdas.contracts import Event
from twbot.local.bus.history import History

Json = dict[str, Any]
EXPLAIN = ("TWEET_FAILED", "TWEET_WITHHELD", "ANALYSIS_FAILED")
ALERTS_AT_ONCE = 2
# Of the data folder; x/ is the simulated X's own.
MAY_HOLD_SECRETS = ("secrets.json", "run.json", "subscribers.json", "x")


class Seen(NamedTuple):
    """A post in a body of X's."""

    id: str
    chain: str
    """The id of its first version."""
    summons: bool
    """Whether it mentions the bot and is not its own."""
    text: str


def posts_in(body: Json, bot_id: str) -> Iterator[Seen]:
    """Read the posts of a body in either generation. Written for the trials: it shares no code with the bot."""
    for post in body.get("tweet_create_events", []):
        versions = post.get("edit_history", {}).get("edit_tweet_ids") or [post["id_str"]]
        mentions = [each["id_str"] for each in post["entities"]["user_mentions"]]
        summons = bot_id in mentions and post["user"]["id_str"] != bot_id
        yield Seen(post["id_str"], min(map(str, versions), key=int), summons, post["text"])
    data = body.get("data", {})
    if str(data.get("event_type", "")).startswith("post.") and data["event_type"].endswith(".create"):
        post = data["payload"]
        mentions = [each["id"] for each in post.get("entities", {}).get("mentions", [])]
        first = min(post.get("edit_history_tweet_ids") or [post["id"]], key=int)
        summons = bot_id in mentions and post.get("author_id") not in (bot_id, None)
        yield Seen(post["id"], first, summons, post.get("text", ""))


class Outcome(NamedTuple):
    """What came of the posts, by the ids of their versions."""

    replies: dict[str, list[Json]]
    """The bot's replies on X."""
    explained: set[str]
    """Posts with an event that says why there is no reply, or with a dead letter."""
    events: list[Event]
    dead: list[str]
    """The errors of the dead letters."""


def audit(trial: Trial, rig: Rig, *, everything_answered: bool = False) -> None:
    """Hold what came of all that was accepted against the promises. The bot may run or not."""
    accepted = [*rig.accepted, *_delivered(rig)]
    seen = [post for body in accepted for post in posts_in(body, rig.bot_id)]
    outcome = _outcome(rig)
    chains = _chains(seen)
    _answers(trial, chains, outcome, everything_answered)
    _alerts(trial, rig, seen, outcome)
    _kept(trial, rig, accepted, outcome)
    _privacy(trial, rig)
    trial.tried += len(chains)
    if outcome.dead:
        trial.note(f"{len(outcome.dead)} dead letters")
    trial.check(rig.peak < rig.max_memory, f"the bot took {rig.peak // 1_000_000} MB")


def _delivered(rig: Rig) -> list[Json]:
    return [each["body"] for each in rig.sim("GET", "/sim/deliveries?state=delivered&body=1")["deliveries"]]


def _chains(seen: list[Seen]) -> dict[str, set[str]]:
    """Return the versions of each post that summons the bot, by the first version's id."""
    found: dict[str, set[str]] = {}
    for post in seen:
        if post.summons:
            found.setdefault(post.chain, {post.chain}).add(post.id)
    return found


def _outcome(rig: Rig) -> Outcome:
    replies: dict[str, list[Json]] = {}
    for post in rig.sim("GET", "/sim/posts?author=twbot")["posts"]:
        replies.setdefault(post["reply_to"], []).append(post)
    with History(rig.home.bus) as history:
        events = list(history.events())
        dead = history.dead_letters()
    explained = {letter.tweet_id for letter in dead if letter.tweet_id}
    for event in events:
        if event.detail_type in EXPLAIN:
            message = event.detail.get("Message", {}).get("Twitter", {})
            explained.add(event.detail.get("ReplyToTweetId") or message.get("TweetId", ""))
    return Outcome(replies, explained, events, [f"{each.rule}: {each.error}" for each in dead])


def _answers(trial: Trial, chains: dict[str, set[str]], outcome: Outcome, everything: bool) -> None:
    for chain, versions in chains.items():
        replies = [reply for version in versions for reply in outcome.replies.get(version, [])]
        if len(replies) > 1:
            trial.doubled.append(f"{chain}: {[reply['text'] for reply in replies]}")
        elif not replies and (everything or not versions & outcome.explained):
            trial.lost.append(f"{chain}: no reply and no reason")
    on_x = {reply["id"] for replies in outcome.replies.values() for reply in replies}
    sent = [event.detail for event in outcome.events if event.detail_type == "TWEET_SENT"]
    for detail in sent:
        trial.check(detail.get("TweetId") in on_x, f"TWEET_SENT names a reply that is not on X: {detail}")
    twice = [number for number, count in Counter(detail["TweetId"] for detail in sent).items() if count > 1]
    trial.check(not twice, f"TWEET_SENT came twice for {twice[:3]}")


def _alerts(trial: Trial, rig: Rig, seen: list[Seen], outcome: Outcome) -> None:
    chain_of = {post.id: post.chain for post in seen}
    heard = Counter(chain_of.get(alert["tweet_id"], alert["tweet_id"]) for alert in rig.sink.alerts)
    again = [f"{chain}: {count} alerts" for chain, count in heard.items() if count > 1]
    # Unlike X, a webhook can't be asked what it has: what was on its way at a kill comes again.
    if sum(heard.values()) - len(heard) > rig.deaths * ALERTS_AT_ONCE:
        trial.doubled += again
    elif again:
        trial.note(f"{len(again)} alerts that were on their way at a kill came again")
    angry = {post.chain for post in seen if post.summons and "angry" in post.text}
    told = heard.keys() | outcome.explained
    trial.lost += [f"{chain}: no alert" for chain in angry - told]


def _kept(trial: Trial, rig: Rig, accepted: list[Json], outcome: Outcome) -> None:
    archive = {event.id: event for event in outcome.events}
    raw = Counter(_canonical(event.detail) for event in outcome.events if event.source == "TWITTER")
    missing = [body for body in accepted for detail in _single(body) if _canonical(detail) not in raw]
    trial.lost += [f"a body is not in the archive: {_canonical(body)[:150]}" for body in missing[:5]]
    twice = [detail for detail, count in raw.items() if count > 1]
    trial.check(not twice, f"{len(twice)} raw events stand in the archive twice")
    lake = lake_events(rig.home.lake)
    trial.lost += [f"event {number} is not in the lake" for number in sorted(archive.keys() - lake.keys())[:5]]
    trial.check(not lake.keys() - archive.keys(), "the lake has events that the archive has not")
    different = [number for number in archive.keys() & lake.keys() if lake[number]["detail"] != archive[number].detail]
    trial.check(not different, f"{len(different)} events differ between archive and lake")


def lake_events(lake: Path) -> dict[str, Json]:
    """Return the events of the lake's readable files, by their ids."""
    found: dict[str, Json] = {}
    for path in lake.glob("*/*/*/*/*.jsonl.gz"):
        try:
            lines = gzip.decompress(path.read_bytes()).splitlines()
        except (OSError, EOFError, zlib.error):
            continue
        found |= {event["id"]: event for event in map(json.loads, lines)}
    return found


def _single(body: Json) -> Iterator[Json]:
    """Yield a body with one event each, as the archive keeps them."""
    arrays = [key for key, value in body.items() if isinstance(value, list)]
    if not arrays:
        yield body
    rest = {key: value for key, value in body.items() if key not in arrays}
    for key in arrays:
        yield from ({**rest, key: [element]} for element in body[key])


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _privacy(trial: Trial, rig: Rig) -> None:
    """No secret in what the bot writes, and nothing that another user may read."""
    secrets = [value.encode() for value in rig.keys.values() if value and len(value) > 12]
    secrets.append(rig.sink.url.encode())
    if rig.home.run.exists():
        secrets.append(json.loads(rig.home.run.read_text())["control_token"].encode())
    inside = list(rig.home.folder.rglob("*"))
    open_to_others = [path.name for path in inside if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    trial.check(not open_to_others, f"others may read {len(open_to_others)} files: {', '.join(open_to_others[:4])} …")
    for path in [*inside, *rig.folder.glob("bot-*.log")]:
        if path.is_file() and not set(path.relative_to(rig.folder).parts) & set(MAY_HOLD_SECRETS):
            content = _plain(path)
            for secret in secrets:
                trial.check(secret not in content, f"a secret stands in {path.name}")


def _plain(path: Path) -> bytes:
    content = path.read_bytes()
    try:
        return gzip.decompress(content) if path.name.endswith(".gz") else content
    except (OSError, EOFError, zlib.error):
        return content
