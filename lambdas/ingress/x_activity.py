"""The envelope of the X Activity API: one event, {"data": {"event_type", "filter", "payload", "includes"}}.

tests/events/x_activity/ has one of each kind.
"""

from __future__ import annotations

import re
from typing import Any

from lambdas.ingress.post import Post, first_shown, language_of, plain_text, typed_mention
from lambdas.ingress.shapes import identity, rows, table, unwrapped, words

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
_SUMMONING = ("post.mention.create", "post.quote.create")
_MESSAGES = (*_SUMMONING, "post.reply.create", "post.create")
_PHOTO_PAGE = re.compile(r"/photo/\d+/?$|^(https?://)?pic\.(x|twitter)\.com/")
_LAST_LINK = re.compile(r"https://t\.co/\w+$")


def is_ours(body: Json) -> bool:
    """Whether a body has this generation's shape, wrapped in `data` or bare."""
    envelope = unwrapped(body)
    return bool(words(envelope.get("event_type"))) and bool({"payload", "event_uuid", "filter"} & envelope.keys())


def kind(body: Json) -> str:
    """The detail type of its raw event."""
    return _KINDS.get(unwrapped(body)["event_type"], "TWITTER_OTHER")


def post(body: Json, bot_id: str) -> Post | None:
    """The post in it, if it is one that somebody else addressed to the bot or wrote about it."""
    envelope = unwrapped(body)
    tweet, watched = unwrapped(envelope.get("payload")), identity(envelope.get("filter"), "user_id")
    bot_id = bot_id or watched
    tweet_id, author_id = identity(tweet), identity(tweet, "author_id")
    if envelope["event_type"] not in _MESSAGES or not (tweet_id and author_id) or _is_repost(tweet):
        return None
    if author_id in {bot_id, watched}:
        return None
    includes = table(envelope.get("includes")) or table(body.get("includes"))
    by_definition = envelope["event_type"] in _SUMMONING and watched in {bot_id, ""}
    summoned = by_definition or _mentions(tweet, bot_id) or _quotes(tweet, includes, bot_id)
    return _post(tweet, includes, summoned)


def _is_repost(tweet: Json) -> bool:
    return any(reference.get("type") in {"retweeted", "reposted"} for reference in rows(tweet.get("referenced_tweets")))


def _whole(tweet: Json) -> Json:
    """Where the whole of the post is: long ones come in full as `note_tweet`."""
    return table(tweet.get("note_tweet")) or tweet


def _mentions(tweet: Json, bot_id: str) -> bool:
    whole = _whole(tweet)
    shown_from = first_shown(tweet.get("display_text_range"))
    return typed_mention(rows(table(whole.get("entities")).get("mentions")), bot_id, shown_from)


def _quotes(tweet: Json, includes: Json, bot_id: str) -> bool:
    quoted = {identity(seen) for seen in rows(tweet.get("referenced_tweets")) if seen.get("type") == "quoted"}
    included = map(unwrapped, rows(includes.get("tweets")))
    return any(identity(seen) in quoted and identity(seen, "author_id") == bot_id for seen in included)


def _post(tweet: Json, includes: Json, summoned: bool) -> Post:
    whole, author_id = _whole(tweet), identity(tweet, "author_id")
    text = words(whole.get("text")) or words(tweet.get("text"))
    links = _media_links(tweet)
    urls = _included_photos(tweet, includes)
    return Post(
        tweet_id=identity(tweet),
        user_id=author_id,
        author=_username(includes, author_id),
        text=plain_text(text, links),
        summoned=summoned,
        language=language_of(tweet.get("lang")),
        image_urls=urls,
        look_up_images=not urls and _hints_at_photos(tweet, text, links),
    )


def _username(includes: Json, user_id: str) -> str:
    users = map(unwrapped, rows(includes.get("users")))
    return next((words(user.get("username")) for user in users if identity(user) == user_id), "") or user_id


def _links(tweet: Json) -> list[Json]:
    return [url for holder in (tweet, _whole(tweet)) for url in rows(table(holder.get("entities")).get("urls"))]


def _media_links(tweet: Json) -> list[str]:
    """The links that stand for media: they have a media key, or lead to the page of a photo."""
    return [words(link.get("url")) for link in _links(tweet) if link.get("media_key") or _leads_to_photo(link)]


def _leads_to_photo(link: Json) -> bool:
    return any(_PHOTO_PAGE.search(words(link.get(name))) for name in ("expanded_url", "display_url"))


def _media_keys(tweet: Json) -> list[str]:
    keys = table(tweet.get("attachments")).get("media_keys")
    return [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []


def _included_photos(tweet: Json, includes: Json) -> list[str]:
    wanted = set(_media_keys(tweet)) | {words(link.get("media_key")) for link in _links(tweet)}
    media = map(unwrapped, rows(includes.get("media")))
    return [
        words(item["url"])
        for item in media
        if item.get("type") == "photo" and words(item.get("url")) and words(item.get("media_key")) in wanted
    ]


def _hints_at_photos(tweet: Json, text: str, media_links: list[str]) -> bool:
    """X Activity posts carry no media; a last link that no entity explains is how X shows that there is some."""
    last = _LAST_LINK.search(text.rstrip())
    unexplained = last is not None and last.group() not in {words(link.get("url")) for link in _links(tweet)}
    return bool(media_links or _media_keys(tweet) or unexplained)
