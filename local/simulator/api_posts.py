"""The endpoints that create, delete and look up posts, and look up users."""

from __future__ import annotations

import re
from typing import Annotated, Any

from msgspec import Meta

from twbot.local.simulator import problems
from twbot.local.simulator.calls import Answer, Body, Call, Incoming
from twbot.local.simulator.oauth import Caller
from twbot.local.simulator.posts import Post
from twbot.local.simulator.shapes_v2 import MEDIA_DEFAULTS, POST_DEFAULTS, USER_DEFAULTS, Json, only
from twbot.local.simulator.store import Row
from twbot.local.simulator.text import too_long
from twbot.local.simulator.world import World

Id = Annotated[str, Meta(pattern=r"^[0-9]{1,19}$")]
ID = re.compile(r"[0-9]{1,19}")
CASHTAG = re.compile(r"(?<!\S)\$[A-Za-z]{1,6}(?!\w)")


class Reply(Body, frozen=True):
    in_reply_to_tweet_id: Id
    exclude_reply_user_ids: tuple[Id, ...] = ()
    auto_populate_reply_metadata: bool | None = None


class Media(Body, frozen=True):
    media_ids: Annotated[list[Id], Meta(min_length=1, max_length=4)]
    tagged_user_ids: Annotated[tuple[Id, ...], Meta(max_length=10)] = ()


class EditOptions(Body, frozen=True):
    previous_post_id: Id


class NewPost(Body, frozen=True):
    """The body of POST /2/tweets. Fields that a reply bot does not use are accepted and ignored."""

    text: str | None = None
    reply: Reply | None = None
    media: Media | None = None
    quote_tweet_id: Id | None = None
    made_with_ai: bool | None = None
    paid_partnership: bool | None = None
    reply_settings: str | None = None
    for_super_followers_only: bool | None = None
    nullcast: bool | None = None
    share_with_followers: bool | None = None
    community_id: str | None = None
    direct_message_deep_link: str | None = None
    geo: Any = None
    poll: Any = None
    card_uri: str | None = None
    edit_options: EditOptions | None = None


async def create(world: World, caller: Caller, incoming: Incoming) -> Answer:
    body = incoming.read(NewPost)
    typed = (body.text or "").strip()
    media = body.media.media_ids if body.media else []
    _check_text(typed, media)
    if body.quote_tweet_id:
        raise problems.forbidden("Quoting a post is not permitted for your access level: it needs Enterprise access.")
    author = world.people.by_id(caller.user_id or "") or {}
    if body.edit_options:
        return _edit(world, author["id"], body.edit_options.previous_post_id, typed)
    target = world.posts.get(body.reply.in_reply_to_tweet_id) if body.reply else None
    if body.reply:
        world.posts.check_reply(author["id"], target)
    world.posts.check_duplicate(author["id"], typed, has_media=bool(media))
    _check_media(world, author["id"], media)
    post = world.posts.create(author, typed, media=media, reply_to=target)
    return _posted(world, post)


def _edit(world: World, author_id: str, post_id: str, typed: str) -> Answer:
    """Make a new version of the caller's post. Its pictures stay as they are."""
    previous = world.posts.get(post_id)
    if previous is None or previous.author_id != author_id:
        raise problems.forbidden("You are not permitted to edit this Tweet.")
    return _posted(world, world.posts.edit(previous, typed))


def _posted(world: World, post: Post) -> Answer:
    world.events.posted(post)
    world.something_happened()
    history = [version.id for version in world.posts.versions(post)]
    return Answer({"data": {"id": post.id, "text": post.text, "edit_history_tweet_ids": history}}, 201)


def _check_text(typed: str, media: list[str]) -> None:
    if not typed and not media:
        raise problems.invalid("One of text or media must be given.")
    if typed and too_long(typed):
        raise problems.invalid("Your Tweet text is too long. For more information see the character counting rules.")
    if len(CASHTAG.findall(typed)) > 1:
        raise problems.forbidden("A post may have at most one cashtag.")


def _check_media(world: World, owner_id: str, media_ids: list[str]) -> None:
    for media_id in media_ids:
        media = world.pictures.get(media_id)
        if media is None or media["owner_id"] != owner_id or media["state"] != "succeeded":
            raise problems.invalid("Your media IDs are invalid.")


async def delete(world: World, caller: Caller, incoming: Incoming) -> Answer:
    post = world.posts.get(incoming.path["id"])
    if post is None:
        raise problems.not_found("tweet", incoming.path["id"])
    if post.author_id != caller.user_id:
        raise problems.forbidden("You are not authorized to delete this Tweet.")
    world.posts.delete(post.id)
    world.events.deleted(post)
    return Answer({"data": {"deleted": True}})


async def look_up(world: World, _: Caller, incoming: Incoming) -> Answer:
    post_id = _id(incoming.path["id"])
    post = world.posts.get(post_id)
    if post is None:
        return Answer({"errors": [problems.not_found_error("tweet", post_id)]})
    return Answer({"data": _shown(world, post, incoming), **_includes(world, [post], incoming)})


async def look_up_many(world: World, _: Caller, incoming: Incoming) -> Answer:
    ids = [_id(value, "ids") for value in incoming.query.get("ids", "").split(",")]
    if len(ids) > 100:
        raise problems.invalid("The `ids` query parameter can have at most 100 values.")
    posts = [(post_id, world.posts.get(post_id)) for post_id in ids]
    found = [post for _, post in posts if post]
    missing = [problems.not_found_error("tweet", post_id, "ids") for post_id, post in posts if not post]
    shape: Json = {"data": [_shown(world, post, incoming) for post in found]} if found else {}
    return Answer({**shape, **_includes(world, found, incoming), **({"errors": missing} if missing else {})})


async def me(world: World, caller: Caller, incoming: Incoming) -> Answer:
    return Answer({"data": _user(world, world.people.by_id(caller.user_id or "") or {}, incoming)})


async def user_by_id(world: World, _: Caller, incoming: Incoming) -> Answer:
    return _found_user(world, world.people.by_id(_id(incoming.path["id"])), incoming.path["id"], "id", incoming)


async def user_by_name(world: World, _: Caller, incoming: Incoming) -> Answer:
    name = incoming.path["username"]
    return _found_user(world, world.people.named(name), name, "username", incoming)


async def posts_of(world: World, _: Caller, incoming: Incoming) -> Answer:
    return _page(world, world.posts.where("author_id = ?", _id(incoming.path["id"])), incoming)


async def mentions_of(world: World, _: Caller, incoming: Incoming) -> Answer:
    user = world.people.by_id(_id(incoming.path["id"]))
    if user is None:
        raise problems.not_found("user", incoming.path["id"])
    posts = world.posts.where("text LIKE ?", f"%@{user['username']}%")
    return _page(world, [post for post in posts if user["id"] in world.posts.mentioned(post)], incoming)


async def usage(world: World, _: Caller, __: Incoming) -> Answer:
    counted = world.store.row("SELECT count(*) AS n FROM posts") or {"n": 0}
    data = {"project_id": world.app_id, "project_cap": "3000000", "project_usage": str(counted["n"])}
    return Answer({"data": {**data, "cap_reset_day": 1}})


async def verify_credentials(world: World, caller: Caller, _: Incoming) -> Answer:
    return Answer(world.v1.user(world.people.by_id(caller.user_id or "") or {}))


def _id(value: str, parameter: str = "id") -> str:
    if not ID.fullmatch(value):
        raise problems.invalid(f"The `{parameter}` query parameter value [{value}] is not valid")
    return value


def _fields(incoming: Incoming, name: str) -> list[str]:
    return incoming.query.get(name, "").split(",")


def _shown(world: World, post: Post, incoming: Incoming) -> Json:
    fields = _fields(incoming, "tweet.fields")
    if "attachments.media_keys" in _fields(incoming, "expansions"):
        fields.append("attachments")
    return only(world.v2.post(post), fields, POST_DEFAULTS)


def _user(world: World, user: Row, incoming: Incoming) -> Json:
    return only(world.v2.user(user), _fields(incoming, "user.fields"), USER_DEFAULTS)


def _found_user(world: World, user: Row | None, value: str, parameter: str, incoming: Incoming) -> Answer:
    if user is None:
        return Answer({"errors": [problems.not_found_error("user", value, parameter)]})
    return Answer({"data": _user(world, user, incoming)})


def _page(world: World, posts: list[Post], incoming: Incoming) -> Answer:
    """Return a page of posts, newest first. The pagination token is the id of the last post of the page before."""
    try:
        size = int(incoming.query.get("max_results", 10))
    except ValueError:
        size = 0
    if not 5 <= size <= 100:
        raise problems.invalid("The `max_results` query parameter value is not between 5 and 100")
    before = int(_id(incoming.query.get("pagination_token", "9" * 19), "pagination_token"))
    since = int(_id(incoming.query.get("since_id", "0"), "since_id"))
    matching = [post for post in reversed(posts) if since < int(post.id) < before]
    page = matching[:size]
    meta: Json = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
    if len(matching) > size:
        meta["next_token"] = page[-1].id
    shape: Json = {"data": [_shown(world, post, incoming) for post in page]} if page else {}
    return Answer({**shape, **_includes(world, page, incoming), "meta": meta})


def _includes(world: World, posts: list[Post], incoming: Incoming) -> Json:
    """Return `includes` for the requested `expansions`."""
    expansions = set(_fields(incoming, "expansions"))
    referred = [world.posts.get(p) for post in posts for p in (post.reply_to, post.quote_of, post.repost_of) if p]
    others = [post for post in referred if post]
    people = _people(world, posts, others, expansions)
    media = [media_id for post in posts for media_id in post.media] if "attachments.media_keys" in expansions else []
    shape = {
        "users": [_user(world, user, incoming) for p in people if (user := world.people.by_id(p))],
        "tweets": [_shown(world, post, incoming) for post in others] if "referenced_tweets.id" in expansions else [],
        "media": [
            only(world.v2.media(row), _fields(incoming, "media.fields"), MEDIA_DEFAULTS)
            for media_id in media
            if (row := world.pictures.get(media_id))
        ],
    }
    shape = {name: found for name, found in shape.items() if found}
    return {"includes": shape} if shape else {}


def _people(world: World, posts: list[Post], others: list[Post], expansions: set[str]) -> list[str]:
    ids: list[str] = []
    if "author_id" in expansions:
        ids += [post.author_id for post in posts]
    if "entities.mentions.username" in expansions:
        ids += [user_id for post in posts for user_id in world.posts.mentioned(post)]
    if "referenced_tweets.id.author_id" in expansions or "in_reply_to_user_id" in expansions:
        ids += [post.author_id for post in others]
    return list(dict.fromkeys(ids))


CALLS = (
    Call("POST", "/2/tweets", create, "user", 100),
    Call("GET", "/2/tweets", look_up_many, limit=900),
    Call("GET", "/2/tweets/{id}", look_up, limit=900),
    Call("DELETE", "/2/tweets/{id}", delete, "user", 50),
    Call("GET", "/2/users/me", me, "user", 75),
    Call("GET", "/2/users/by/username/{username}", user_by_name, limit=900),
    Call("GET", "/2/users/{id}", user_by_id, limit=900),
    Call("GET", "/2/users/{id}/tweets", posts_of, limit=900),
    Call("GET", "/2/users/{id}/mentions", mentions_of, limit=450),
    Call("GET", "/2/usage/tweets", usage, "app", 50),
    Call("GET", "/1.1/account/verify_credentials.json", verify_credentials, "user", 75),
)
