"""Reads the payload of the X Activity API: one event, {"data": {"event_type", "filter", "payload", "includes"}}.

tests/events/x_activity/ has an example of each kind.
"""

from __future__ import annotations

import re
from typing import Any

from twbot.lambdas.ingress.photo_hints import hints_at_photos, included_photos, links, media_links, whole
from twbot.lambdas.ingress.post import Post, first_shown, language_of, plain_text, typed_mention
from twbot.lambdas.ingress.shapes import identity, rows, table, unwrapped, words

Json = dict[str, Any]

_KINDS = {
    "post.create": "TWITTER_TWEETED",
    "post.mention.create": "TWITTER_TWEETED",
    "post.reply.create": "TWITTER_TWEETED",
    "post.quote.create": "TWITTER_TWEETED",
    "post.repost.create": "TWITTER_TWEETED",
    "post.delete": "TWITTER_DELETED",
    "like.create": "TWITTER_FAVOURITED",
    "follow.follow": "TWITTER_FOLLOWED",
    "follow.unfollow": "TWITTER_UNFOLLOWED",
    "dm.received": "TWITTER_DM_RECEIVED",
    "dm.indicate_typing": "TWITTER_DM_TYPING",
    "dm.read": "TWITTER_DM_MARKED_READ",
    "mute.mute": "TWITTER_MUTED",
    "mute.unmute": "TWITTER_UNMUTED",
    "block.block": "TWITTER_BLOCKED",
    "block.unblock": "TWITTER_UNBLOCKED",
    "oauth.revoke": "TWITTER_PERMISSION_REVOKED",
}
# X sends these two only where the author typed the account's name or quoted its post.
_SUMMONING = ("post.mention.create", "post.quote.create")
_X_PAGE = re.compile(r"https://(?:x|twitter)\.com(/\w+/status/\d+)")
_MESSAGES = (*_SUMMONING, "post.reply.create", "post.create")


def is_ours(body: Json) -> bool:
    """Return whether a body has the shape of the X Activity API, wrapped in `data` or bare."""
    envelope = unwrapped(body)
    return bool(words(envelope.get("event_type"))) and bool({"payload", "event_uuid", "filter"} & envelope.keys())


def kind(body: Json) -> str:
    """Return the detail type of the raw event."""
    return _KINDS.get(unwrapped(body)["event_type"], "TWITTER_OTHER")


def post(body: Json, bot_id: str) -> Post | None:
    """Return the post, if somebody else addressed it to the bot or wrote it about the bot."""
    envelope = unwrapped(body)
    tweet, watched = unwrapped(envelope.get("payload")), identity(envelope.get("filter"), "user_id")
    bot_id = bot_id or watched
    tweet_id, author_id = identity(tweet), identity(tweet, "author_id")
    if envelope["event_type"] not in _MESSAGES or not (tweet_id and author_id) or _is_repost(tweet):
        return None
    # The bot's own posts, which `post.create` reports as well.
    if author_id in {bot_id, watched}:
        return None
    includes = table(envelope.get("includes")) or table(body.get("includes"))
    by_definition = envelope["event_type"] in _SUMMONING and watched in {bot_id, ""}
    summoned = by_definition or _mentions(tweet, bot_id) or _quotes(tweet, includes, bot_id)
    return _post(tweet, includes, summoned)


def _is_repost(tweet: Json) -> bool:
    return any(reference.get("type") in {"retweeted", "reposted"} for reference in rows(tweet.get("referenced_tweets")))


def _mentions(tweet: Json, bot_id: str) -> bool:
    mentions = rows(table(whole(tweet).get("entities")).get("mentions"))
    return typed_mention(mentions, bot_id, first_shown(tweet.get("display_text_range")))


def _quotes(tweet: Json, includes: Json, bot_id: str) -> bool:
    # The payload names the quoted post but not its author. X may include the post; else the link to it has the name.
    quoted = {identity(each) for each in rows(tweet.get("referenced_tweets")) if each.get("type") == "quoted"} - {""}
    included = map(unwrapped, rows(includes.get("tweets")))
    if any(identity(each) in quoted and identity(each, "author_id") == bot_id for each in included):
        return True
    name = _name_of(tweet, includes, bot_id).lower()
    pages = {f"/{name}/status/{post_id}" for post_id in quoted} if name else set()
    return any(_page_of(link) in pages for link in links(tweet))


def _page_of(link: Json) -> str:
    """Return the path of a post on X that the link leads to, "" for any other link."""
    found = _X_PAGE.match(words(link.get("expanded_url")).lower())
    return found.group(1) if found else ""


def _name_of(tweet: Json, includes: Json, user_id: str) -> str:
    """Return a username, from the users that X includes or that the post mentions."""
    users = [*map(unwrapped, rows(includes.get("users"))), *rows(table(whole(tweet).get("entities")).get("mentions"))]
    return next((words(user.get("username")) for user in users if identity(user) == user_id), "")


def _post(tweet: Json, includes: Json, summoned: bool) -> Post:
    author_id = identity(tweet, "author_id")
    text = words(whole(tweet).get("text")) or words(tweet.get("text"))
    link_texts = media_links(tweet)
    urls = included_photos(tweet, includes)
    return Post(
        tweet_id=identity(tweet),
        user_id=author_id,
        author=_name_of(tweet, includes, author_id) or author_id,
        text=plain_text(text, link_texts),
        summoned=summoned,
        language=language_of(tweet.get("lang")),
        image_urls=urls,
        look_up_images=not urls and hints_at_photos(tweet, text, link_texts),
    )
