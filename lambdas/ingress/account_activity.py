"""Reads the payload of the Account Activity API: arrays of events in v1.1's shape beside `for_user_id`.

tests/events/account_activity/ has an example of each kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twbot.lambdas.ingress.post import Post, first_shown, language_of, plain_text, typed_mention
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


def raw_events(body: Json) -> Iterator[tuple[str, Json]]:
    """Yield the detail type and the detail of each event. The detail is the body that X sent, with this event alone."""
    if isinstance(body.get("replay_job_status"), dict):
        yield "TWITTER_REPLAY_COMPLETED", body
    arrays = {key: value for key, value in body.items() if _holds_events(key, value, body)}
    rest = {key: value for key, value in body.items() if key not in arrays}
    for key, value in arrays.items():
        if isinstance(value, dict):
            yield _kind(key, value, body), {**rest, key: value}
        for element in value if isinstance(value, list) else []:
            yield _kind(key, table(element), body), {**rest, key: [element]}


def is_ours(body: Json) -> bool:
    """Return whether a body has the shape of the Account Activity API."""
    return isinstance(body.get("replay_job_status"), dict) or any(
        _holds_events(key, value, body) for key, value in body.items()
    )


def posts(body: Json, bot_id: str) -> Iterator[Post]:
    """Yield the posts that address the bot or are about it; neither its own posts nor reposts."""
    bot_id = bot_id or identity(body, "for_user_id")
    own = {bot_id, identity(body, "for_user_id")}
    for tweet in rows(body.get("tweet_create_events")):
        # The array also holds the account's own posts: a bot that answered those would never stop.
        author = table(tweet.get("user"))
        known = identity(tweet) and identity(author)
        if known and identity(author) not in own and not tweet.get("retweeted_status") and _concerns(tweet, bot_id):
            yield _post(tweet, bot_id)


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


def _concerns(tweet: Json, bot_id: str) -> bool:
    mentioned = any(identity(mention) == bot_id for mention in _mentions(tweet))
    return mentioned or identity(tweet, "in_reply_to_user_id") == bot_id or _quotes(tweet, bot_id)


def _quotes(tweet: Json, bot_id: str) -> bool:
    return identity(table(tweet.get("quoted_status")).get("user")) == bot_id


def _mentions(tweet: Json) -> list[Json]:
    return rows(table(_whole(tweet).get("entities")).get("user_mentions"))


def _whole(tweet: Json) -> Json:
    """Return the object with the full text: X truncates long posts and adds `extended_tweet`."""
    return table(tweet.get("extended_tweet")) or tweet


def _post(tweet: Json, bot_id: str) -> Post:
    whole, author = _whole(tweet), table(tweet.get("user"))
    media = _media(whole) or _media(tweet)
    text = words(whole.get("full_text")) or words(whole.get("text")) or words(tweet.get("text"))
    typed = typed_mention(_mentions(tweet), bot_id, first_shown(whole.get("display_text_range")))
    return Post(
        tweet_id=identity(tweet),
        user_id=identity(author),
        author=words(author.get("screen_name")) or identity(author),
        text=plain_text(text, (words(item.get("url")) for item in media)),
        summoned=typed or _quotes(tweet, bot_id),
        language=language_of(tweet.get("lang")),
        image_urls=[url for item in media if item.get("type") == "photo" and (url := _url(item))],
    )


def _media(holder: Json) -> list[Json]:
    every = rows(table(holder.get("extended_entities")).get("media"))
    return every or rows(table(holder.get("entities")).get("media"))


def _url(item: Json) -> str:
    return words(item.get("media_url_https")) or words(item.get("media_url"))
