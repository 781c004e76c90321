"""Reads the payload of the X Activity API: one event, {"data": {"event_type", "filter", "payload", "includes"}}.

tests/events/x_activity/ has an example of each kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from twbot.lambdas.contracts import ThreadPost
from twbot.lambdas.ingress.photo_hints import hints_at_photos, included_photos, links, media_links, whole
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
# Characters from which X cuts a text, unless it sends the whole as `note_tweet`.
CUT_AT = 250
_X_PAGE = re.compile(r"https://(?:x|twitter)\.com(/\w+/status/\d+)")
_MESSAGES = (*_SUMMONING, "post.reply.create", "post.create")


def is_ours(body: Json) -> bool:
    """Return whether a body has the shape of the X Activity API, wrapped in `data` or bare."""
    envelope = unwrapped(body)
    return bool(words(envelope.get("event_type"))) and bool({"payload", "event_uuid", "filter"} & envelope.keys())


def kind(body: Json) -> str:
    """Return the detail type of the raw event."""
    return _KINDS.get(unwrapped(body)["event_type"], "TWITTER_OTHER")


def watched_id(body: Json) -> str:
    """Return the id of the account that the subscription is about."""
    return identity(unwrapped(body).get("filter"), "user_id")


def post(body: Json, bot_id: str) -> Post | None:
    """Return the post, if somebody else addressed it to the bot or wrote it about the bot."""
    envelope, watched = unwrapped(body), watched_id(body)
    tweet, bot_id = unwrapped(envelope.get("payload")), bot_id or watched
    tweet_id, author_id = identity(tweet), identity(tweet, "author_id")
    if envelope["event_type"] not in _MESSAGES or not (tweet_id and author_id) or _is_repost(tweet):
        return None
    # The bot's own posts, which `post.create` reports as well.
    if author_id in {bot_id, watched}:
        return None
    includes = table(envelope.get("includes")) or table(body.get("includes"))
    by_definition = envelope["event_type"] in _SUMMONING and watched in {bot_id, ""}
    return read_post(tweet, includes, bot_id, summoned=by_definition)


def read_post(tweet: Json, includes: Json, bot_id: str, *, summoned: bool = False) -> Post:
    """Read a post of API v2, with what X includes. `summoned`: whether it is known already that it summons the bot."""
    author_id, name = identity(tweet, "author_id"), _name_of(tweet, includes, bot_id)
    wording = _wording(tweet)
    urls = included_photos(tweet, includes)
    return make_post(
        tweet,
        user_id=author_id,
        person=_person(tweet, includes, author_id),
        wording=wording,
        summoned=summoned or _quotes(tweet, includes, name, bot_id) or _mentions(tweet, name, bot_id, wording),
        kind=_kind_of(tweet),
        image_urls=urls,
        hints_at_images=hints_at_photos(tweet, wording.text, media_links(tweet)),
        thread=_thread(tweet, includes),
    )


def _thread(tweet: Json, includes: Json) -> Iterator[ThreadPost]:
    referred = (_references(tweet, "replied_to") | _references(tweet, "quoted")) - {""}
    for each in map(unwrapped, rows(includes.get("tweets"))):
        if identity(each) in referred:
            author = identity(each, "author_id")
            text = words(table(each.get("note_tweet")).get("text")) or words(each.get("text"))
            yield from thread_post(identity(each), username(_name_of({}, includes, author)) or author, text)


def _is_repost(tweet: Json) -> bool:
    return bool(_references(tweet, "retweeted") or _references(tweet, "reposted"))


def _references(tweet: Json, kind: str) -> set[str]:
    """Return the ids of the posts that this one refers to in this way: retweeted, quoted or replied_to."""
    references = rows(tweet.get("referenced_tweets"))
    return {identity(each) for each in references if words(each.get("type")) == kind}


def _kind_of(tweet: Json) -> str:
    if identity(tweet, "in_reply_to_tweet_id") or _references(tweet, "replied_to"):
        return "reply"
    return "quote" if _references(tweet, "quoted") else "post"


def _mentions(tweet: Json, name: str, bot_id: str, wording: Wording) -> bool | None:
    """Return whether the author typed the bot's name; None where the payload does not tell."""
    entities = whole(tweet).get("entities", tweet.get("entities"))
    if not isinstance(entities, dict):
        return named_in(wording.text[wording.shown_from :], name)
    found = typed_mention(rows(entities.get("mentions")), name, bot_id, wording.shown_from)
    # Of a cut text the mentions in its rest are unknown.
    return None if not found and not wording.whole else found


def _quotes(tweet: Json, includes: Json, name: str, bot_id: str) -> bool:
    # The payload names the quoted post but not its author. X may include the post; else the link to it has the name.
    quoted = _references(tweet, "quoted") - {""}
    included = map(unwrapped, rows(includes.get("tweets")))
    if any(identity(each) in quoted and identity(each, "author_id") == bot_id for each in included):
        return True
    pages = {f"/{name.lower()}/status/{post_id}" for post_id in quoted} if name else set()
    return any(_page_of(link) in pages for link in links(tweet))


def _page_of(link: Json) -> str:
    """Return the path of a post on X that the link leads to, "" for any other link."""
    found = _X_PAGE.match(words(link.get("expanded_url")).lower())
    return found.group(1) if found else ""


def _name_of(tweet: Json, includes: Json, user_id: str) -> str:
    """Return a username, from the users that X includes or that the post mentions; "" where it is unknown."""
    users = [*map(unwrapped, rows(includes.get("users"))), *rows(table(whole(tweet).get("entities")).get("mentions"))]
    return next((words(user.get("username")) for user in users if identity(user) == user_id), "")


def _wording(tweet: Json) -> Wording:
    long = words(table(tweet.get("note_tweet")).get("text"))
    text = long or words(tweet.get("text"))
    start, end = shown_range(tweet.get("display_text_range"))
    return Wording(
        text=text,
        shown_from=start,
        # That of a long post is the end of its cut text.
        shown_until=None if long else end,
        added_links=media_links(tweet),
        whole=bool(long) or not is_cut(text, CUT_AT),
    )


def _person(tweet: Json, includes: Json, author_id: str) -> Person:
    users = map(unwrapped, rows(includes.get("users")))
    user = next((user for user in users if identity(user) == author_id), {})
    badge, verified = words(user.get("verified_type")), user.get("verified")
    return Person(
        username=username(_name_of(tweet, includes, author_id)),
        followers=followers(table(user.get("public_metrics")).get("followers_count")),
        verified=True if badge not in ("", "none") else verified if isinstance(verified, bool) else None,
        account_age_days=age_in_days(user.get("created_at")),
    )
