"""Reads the payload of the Account Activity API: arrays of events in v1.1's shape beside `for_user_id`.

tests/events/account_activity/ has an example of each kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from twbot.lambdas.contracts import ThreadPost
from twbot.lambdas.ingress.post import (
    Person,
    Post,
    Wording,
    age_in_days,
    followers,
    is_cut,
    make_post,
    named_in,
    shown_range,
    thread_post,
    typed_mention,
    username,
)
from twbot.lambdas.ingress.shapes import identity, rows, table, words

Json = dict[str, Any]

_KINDS = {
    "tweet_create_events": "TWITTER_TWEETED",
    "favorite_events": "TWITTER_FAVOURITED",
    "direct_message_events": "TWITTER_DM_RECEIVED",
    "direct_message_indicate_typing_events": "TWITTER_DM_TYPING",
    "direct_message_mark_read_events": "TWITTER_DM_MARKED_READ",
    "tweet_delete_events": "TWITTER_DELETED",
}
_TYPED = {
    "follow_events": {"follow": "TWITTER_FOLLOWED", "unfollow": "TWITTER_UNFOLLOWED"},
    "block_events": {"block": "TWITTER_BLOCKED", "unblock": "TWITTER_UNBLOCKED"},
    "mute_events": {"mute": "TWITTER_MUTED", "unmute": "TWITTER_UNMUTED"},
}
# Maps of the users and apps that direct messages refer to. They hold no events.
_LOOKUPS = ("users", "apps")
# X sends one event in a body. More cost a request of the bus each, within the seconds that X waits for an answer.
MAX_EVENTS = 250
# Bytes of JSON: of what is repeated with each event of a body, and of a piece of the events above MAX_EVENTS.
MAX_ABOUT, PIECE = 10_000, 200_000
# What says whom a body is about.
_ABOUT = ("for_user_id", "user_has_blocked", "is_blocked_by")


def raw_events(body: Json) -> Iterator[tuple[str, Json]]:
    """Yield the detail type and the detail of each event. The detail is the body that X sent, with this event alone.

    What a body holds above MAX_EVENTS is yielded in large pieces, each as one event that says so.
    """
    if isinstance(body.get("replay_job_status"), dict):
        yield "TWITTER_REPLAY_COMPLETED", body
    elements = _elements(body)
    about = {name: value for name, value in body.items() if not _holds_events(name, value, body)}
    for key, value, element in islice(elements, 1):
        yield _kind(key, table(element), body), {**about, key: value}
    about = _small(about)
    for key, value, element in islice(elements, MAX_EVENTS - 1):
        yield _kind(key, table(element), body), {**about, key: value}
    for piece in _pieces(elements):
        problem = f"The body held more than {MAX_EVENTS} events: these were not told apart."
        yield "TWITTER_OTHER", {**about, **piece, "Problem": problem}


def _elements(body: Json) -> Iterator[tuple[str, object, object]]:
    """Yield each event with its key, and as the value that the key has where the event is alone."""
    for key, value in body.items():
        if not _holds_events(key, value, body):
            continue
        if isinstance(value, list):
            yield from ((key, [element], element) for element in value)
        else:
            yield key, value, value


def _small(about: Json) -> Json:
    """Return what a body says besides its events: all of it, or where that is large only whom it is about."""
    if len(msgspec.json.encode(about)) <= MAX_ABOUT:
        return about
    return {name: about[name] for name in _ABOUT if name in about}


def _pieces(elements: Iterator[tuple[str, object, object]]) -> Iterator[dict[str, list[object]]]:
    """Yield what is left in pieces of about PIECE bytes, of several keys: a body may have as many keys as events."""
    piece: dict[str, list[object]] = {}
    size = 0
    for key, _, element in elements:
        piece.setdefault(key, []).append(element)
        size += len(key) + len(msgspec.json.encode(element))
        if size > PIECE:
            yield piece
            piece, size = {}, 0
    if piece:
        yield piece


def is_ours(body: Json) -> bool:
    """Return whether a body has the shape of the Account Activity API."""
    return isinstance(body.get("replay_job_status"), dict) or any(
        _holds_events(key, value, body) for key, value in body.items()
    )


def posts(body: Json, bot_id: str) -> Iterator[Post]:
    """Yield the posts that address the bot or are about it; neither its own posts nor reposts."""
    bot_id = bot_id or identity(body, "for_user_id")
    own = {bot_id, identity(body, "for_user_id")}
    for tweet in rows(body.get("tweet_create_events"))[:MAX_EVENTS]:
        # The array also holds the account's own posts: a bot that answered those would never stop.
        author = identity(tweet.get("user"))
        if identity(tweet) and author and author not in own and not tweet.get("retweeted_status"):
            yield from _post(tweet, bot_id)


def _holds_events(key: str, value: object, body: Json) -> bool:
    if key in _LOOKUPS or key == "replay_job_status" or not isinstance(value, list | dict):
        return False
    # X may add kinds of events: whatever is named like one becomes a raw event, too, so that nothing is lost.
    named = key.endswith("_events") if isinstance(value, list) else key.endswith("_event")
    return named or (bool(identity(body, "for_user_id")) and isinstance(value, list))


def _kind(key: str, event: Json, body: Json) -> str:
    if key == "user_event" and "revoke" in event:
        return "TWITTER_PERMISSION_REVOKED"
    # A message that the account sent itself comes as the same kind of event as one that it received.
    sender = table(event.get("message_create")).get("sender_id")
    if not event or (sender and sender == body.get("for_user_id")):
        return "TWITTER_OTHER"
    return _TYPED.get(key, {}).get(words(event.get("type"))) or _KINDS.get(key, "TWITTER_OTHER")


def _post(tweet: Json, bot_id: str) -> Iterator[Post]:
    """Yield the post, if it mentions, answers or quotes the bot."""
    wording, answers = _wording(tweet), identity(tweet, "in_reply_to_user_id") == bot_id
    name = words(tweet.get("in_reply_to_screen_name")) if answers else ""
    addressed, quotes = _mentioned(tweet, name, bot_id, 0), _quotes(tweet, bot_id)
    # None: a mention that does not say whose it is may be the bot's. X is asked.
    if addressed is False and not answers and not quotes:
        return
    whole, author = _whole(tweet), table(tweet.get("user"))
    media = _media(whole) or _media(tweet)
    yield make_post(
        tweet,
        user_id=identity(author),
        person=_person(author),
        wording=wording,
        summoned=quotes or _mentioned(tweet, name, bot_id, wording.shown_from),
        kind=_kind_of(tweet),
        image_urls=[url for item in media if item.get("type") == "photo" and (url := _url(item))],
        thread=_thread(tweet),
    )


def _thread(tweet: Json) -> Iterator[ThreadPost]:
    quoted = table(tweet.get("quoted_status"))
    author = table(quoted.get("user"))
    yield from thread_post(identity(quoted), username(author.get("screen_name")) or identity(author), _text(quoted))


def _quotes(tweet: Json, bot_id: str) -> bool:
    return identity(table(tweet.get("quoted_status")).get("user")) == bot_id


def _mentioned(tweet: Json, name: str, bot_id: str, shown_from: int) -> bool | None:
    """Return whether the post mentions the bot at or after an offset; None where the payload does not tell."""
    whole = _whole(tweet)
    entities = whole.get("entities", tweet.get("entities"))
    if not isinstance(entities, dict):
        return named_in(_text(tweet)[shown_from:], name)
    found = typed_mention(rows(entities.get("user_mentions")), name, bot_id, shown_from)
    # Of a cut text the mentions in its rest are unknown.
    return None if not found and not _is_whole(tweet) else found


def _kind_of(tweet: Json) -> str:
    if identity(tweet, "in_reply_to_status_id"):
        return "reply"
    return "quote" if identity(tweet, "quoted_status_id") or table(tweet.get("quoted_status")) else "post"


def _whole(tweet: Json) -> Json:
    """Return the object with the full text: X truncates long posts and adds `extended_tweet`."""
    return table(tweet.get("extended_tweet")) or tweet


def _text(tweet: Json) -> str:
    whole = _whole(tweet)
    return words(whole.get("full_text")) or words(whole.get("text")) or words(tweet.get("text"))


def _is_whole(tweet: Json) -> bool:
    """Return whether the full text is there. Some deliveries are truncated and have no `extended_tweet`."""
    long = words(table(tweet.get("extended_tweet")).get("full_text")) or words(tweet.get("full_text"))
    return bool(long) or not (tweet.get("truncated") is True and is_cut(words(tweet.get("text")), 0))


def _wording(tweet: Json) -> Wording:
    whole = _whole(tweet)
    start, end = shown_range(whole.get("display_text_range"))
    links = [words(item.get("url")) for item in _media(whole) or _media(tweet)]
    return Wording(text=_text(tweet), shown_from=start, shown_until=end, added_links=links, whole=_is_whole(tweet))


def _person(author: Json) -> Person:
    verified = author.get("verified")
    return Person(
        username=username(author.get("screen_name")),
        followers=followers(author.get("followers_count")),
        verified=verified if isinstance(verified, bool) else None,
        account_age_days=age_in_days(author.get("created_at")),
    )


def _media(holder: Json) -> list[Json]:
    every = rows(table(holder.get("extended_entities")).get("media"))
    return every or rows(table(holder.get("entities")).get("media"))


def _url(item: Json) -> str:
    return words(item.get("media_url_https")) or words(item.get("media_url"))
