"""The simulator's control API under /sim: act as people, read posts and deliveries, cause failures.

Each call needs the control token.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import html
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.local.simulator import problems
from twbot.local.simulator.limits import Failure
from twbot.local.simulator.posts import Post
from twbot.local.simulator.shapes_v2 import Json, iso
from twbot.local.simulator.world import World

TOKEN_HEADER = "x-control-token"  # noqa: S105
MAX_WAIT = 60.0
MAX_BODY = 100_000_000
Generation = Literal["v1.1", "x-activity"]
ANSWER = Callable[[World, Request], Awaitable[Any]]


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of control bodies."""


class NewPost(Asked, frozen=True):
    """The body of POST /sim/posts and /sim/forge."""

    author: str
    """A username. A missing user is created."""
    text: str = ""
    images: Annotated[list[str], Meta(max_length=4)] = []
    """Pictures in base64."""
    alt_texts: list[str | None] = []
    """Alternative texts, in the order of the images."""
    reply_to: str | None = None
    """A post's id, as in `quote` and `repost`."""
    quote: str | None = None
    repost: str | None = None
    generation: Generation | None = None
    """Deliver in this generation only; None: in both."""
    language: str | None = None
    """Language of the text (ISO 639-1); None: X can't tell."""
    followers: Annotated[int, Meta(ge=0)] | None = None
    """Followers that the author's profile shows from now on; None: as it is."""
    verified: bool | None = None
    """Whether it shows a check mark."""


class Edit(Asked, frozen=True):
    """The body of POST /sim/posts/{id}/edit: the post's author edits it."""

    text: str
    force: bool = False
    """Whether against X's rules: too late, too often, or a reply to somebody else."""
    generation: Generation | None = None


class Action(Asked, frozen=True):
    """The body of POST /sim/actions: `author` does something to the user `to` or to the post `post`."""

    kind: Literal[
        "like", "follow", "unfollow", "block", "unblock", "mute", "unmute", "dm", "typing", "read", "delete", "revoke"
    ]
    author: str
    to: str | None = None
    post: str | None = None
    text: str = ""
    generation: Generation | None = None


class Changed(Asked, frozen=True):
    """The body of PUT /sim/limits."""

    limits: dict[str, int] = {}
    """Calls in 15 minutes, by names such as "POST /2/tweets"."""
    posts_a_day: int | None = None
    most_webhooks: int | None = None
    duplicates: bool | None = None
    """Whether an account may post the same text again at once, which X refuses."""


async def keys(world: World, request: Request) -> Json:
    username = request.query_params.get("user") or world.store.setting("bot") or ""
    return {**msgspec.to_builtins(world.keys_of(username)), "Username": username, "AppId": world.app_id}


async def new_post(world: World, request: Request) -> Json:
    body = await _read(request, NewPost)
    post = _create(world, body)
    world.events.posted(post, body.generation)
    world.something_happened()
    return show(world, post)


async def edit_post(world: World, request: Request) -> Json:
    """Make a new version of a post, with a new id, and deliver it."""
    body = await _read(request, Edit)
    post = world.posts.edit(_post(world, request.path_params["id"]), body.text.strip(), forced=body.force)
    world.events.posted(post, body.generation)
    world.something_happened()
    return show(world, post)


async def forge(world: World, request: Request) -> Json:
    """Deliver a post once, signed with a wrong secret. Return it with the webhook's answer."""
    fields = await _read(request, NewPost)
    post = _create(world, fields)
    body = msgspec.json.encode(world.events.forged(post, fields.generation))
    webhook = world.store.row("SELECT url FROM webhooks ORDER BY created_ms LIMIT 1")
    if webhook is None:
        raise problems.not_found("webhook", "any")
    secret = secrets.token_hex(25)
    status, ms, problem = await run_in_threadpool(world.deliveries.send, webhook["url"], body, secret)
    return {**show(world, post), "status": status, "ms": ms, "problem": problem}


async def resend(world: World, request: Request) -> Json:
    """Repeat the deliveries about a post, with the same bytes."""
    sql = "SELECT * FROM deliveries WHERE post_id = ? ORDER BY id"
    rows = world.store.rows(sql, request.path_params["id"])
    return {"deliveries": [world.deliveries.again(row) for row in rows]}


async def action(world: World, request: Request) -> Json:
    body = await _read(request, Action)
    author = world.people.ensure(body.author)
    if body.kind in ("like", "delete"):
        return _act_on_post(world, body, author)
    if body.kind == "revoke":
        world.people.revoke_token(author["id"])
        world.gate.validator.forget()
        world.events.revoked(author)
        return {"done": True}
    other = world.people.ensure(body.to or "")
    if body.kind == "dm":
        return {"id": world.events.messaged(author, other, body.text, body.generation)}
    if body.kind == "typing":
        world.events.typing(author, other, body.generation)
    elif body.kind == "read":
        world.events.read(author, other, body.post or world.store.new_id(), body.generation)
    else:
        _relate(world, body.kind, author["id"], other["id"])
        world.events.related(body.kind, author, other, body.generation)
    return {"done": True}


async def get_post(world: World, request: Request) -> Json:
    return show(world, _post(world, request.path_params["id"]))


async def list_posts(world: World, request: Request) -> Json:
    author = request.query_params.get("author")
    where = ("author_id = ?", world.people.ensure(author)["id"]) if author else ("1 = 1",)
    return {"posts": [show(world, post) for post in world.posts.where(*where)]}


async def conversation(world: World, request: Request) -> Json:
    post = _post(world, request.path_params["id"])
    return {"posts": [show(world, other) for other in world.posts.where("conversation_id = ?", post.conversation_id)]}


async def replies(world: World, request: Request) -> Json:
    """Return the replies to a post. With `timeout`, wait so many seconds for the first."""
    target, author = request.query_params.get("to", ""), request.query_params.get("author")
    until = time.monotonic() + min(float(request.query_params.get("timeout") or 0), MAX_WAIT)
    while True:
        found = world.posts.where("reply_to = ?", target)
        shown = [post for post in (show(world, post) for post in found) if author in (None, post["author"])]
        if shown or time.monotonic() >= until:
            return {"posts": shown}
        await world.wait(until - time.monotonic())


async def deliveries(world: World, request: Request) -> Json:
    query = request.query_params
    conditions = [(name, query[key]) for key, name in (("post", "post_id"), ("state", "state")) if key in query]
    where = " AND ".join(f"{name} = ?" for name, _ in conditions) or "1 = 1"
    names = "id, webhook_id, generation, event, post_id, state, tries, status, ms, problem, created_ms"
    names += ", body" if "body" in query else ""
    rows = world.store.rows(f"SELECT {names} FROM deliveries WHERE {where} ORDER BY id", *(v for _, v in conditions))  # noqa: S608
    for row in rows:
        if "body" in row:
            row["body"] = msgspec.json.decode(row["body"])
    return {"deliveries": rows}


async def fail(world: World, request: Request) -> Json:
    world.failures.coming.append(await _read(request, Failure))
    return {"failures": world.failures.coming}


async def stop_failing(world: World, _: Request) -> Json:
    world.failures.coming.clear()
    return {"failures": []}


async def change_limits(world: World, request: Request) -> Json:
    body = await _read(request, Changed)
    world.limits.changed |= body.limits
    world.limits.posts_a_day = body.posts_a_day or world.limits.posts_a_day
    if body.most_webhooks is not None:
        world.store.keep("most_webhooks", str(body.most_webhooks))
    if body.duplicates is not None:
        world.posts.takes_duplicates = body.duplicates
    world.limits.forget()
    return {"limits": world.limits.changed, "posts_a_day": world.limits.posts_a_day}


def show(world: World, post: Post) -> Json:
    """Return a post for people: `text` is what the author typed, without the mentions and links that X adds."""
    author = world.people.by_id(post.author_id) or {}
    media = [row for media_id in post.media if (row := world.pictures.get(media_id))]
    shown = {
        "id": post.id,
        "author": author.get("username"),
        "author_id": post.author_id,
        "text": post.typed,
        "full_text": html.unescape(post.text),
        "reply_to": post.reply_to,
        "quote": post.quote_of,
        "repost": post.repost_of,
        "conversation_id": post.conversation_id,
        "edit_history": [version.id for version in world.posts.versions(post)],
        "created_at": iso(post.created_ms),
        "created_ms": post.created_ms,
    }
    return {**shown, "media": [_shown_media(world, row) for row in media]}


def _shown_media(world: World, row: Json) -> Json:
    url, kind = world.v2.media_url(row), row["content_type"]
    return {"id": row["id"], "url": url, "alt_text": row["alt_text"], "content_type": kind, "size": row["size"]}


def _create(world: World, body: NewPost) -> Post:
    author = world.people.ensure(body.author)
    world.people.describe(author, followers=body.followers, verified=body.verified)
    if body.repost:
        return world.posts.repost(author, _post(world, body.repost))
    reply_to = _post(world, body.reply_to) if body.reply_to else None
    quote_of = _post(world, body.quote) if body.quote else None
    media = [world.pictures.keep(author["id"], _decoded(image), checked=False)["id"] for image in body.images]
    for media_id, alt_text in zip(media, body.alt_texts, strict=False):
        if alt_text:
            world.pictures.describe(media_id, alt_text)
    text = body.text.strip()
    return world.posts.create(author, text, media=media, reply_to=reply_to, quote_of=quote_of, language=body.language)


def _act_on_post(world: World, body: Action, author: Json) -> Json:
    post = _post(world, body.post or "")
    if body.kind == "delete":
        world.posts.delete(post.id)
        world.events.deleted(post, body.generation)
    else:
        world.store.run("INSERT OR IGNORE INTO relations VALUES ('like', ?, ?)", author["id"], post.id)
        world.events.liked(author, post, body.generation)
    return {"done": True}


def _relate(world: World, kind: str, source: str, target: str) -> None:
    if kind.startswith("un"):
        sql = "DELETE FROM relations WHERE kind = ? AND source = ? AND target = ?"
    else:
        sql = "INSERT OR IGNORE INTO relations VALUES (?, ?, ?)"
    world.store.run(sql, kind.removeprefix("un"), source, target)


def _post(world: World, post_id: str) -> Post:
    found = world.posts.get(post_id)
    if found is None:
        raise problems.not_found("tweet", post_id)
    return found


def _decoded(image: str) -> bytes:
    try:
        return base64.b64decode(image, validate=True)
    except (binascii.Error, ValueError):
        raise problems.invalid("images are base64") from None


AnyAsked = TypeVar("AnyAsked", bound=msgspec.Struct)


async def _read(request: Request, as_type: type[AnyAsked]) -> AnyAsked:
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=as_type)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise problems.invalid(str(error)) from None


HANDLERS: tuple[tuple[str, str, ANSWER], ...] = (
    ("GET", "/sim/keys", keys),
    ("GET", "/sim/posts", list_posts),
    ("POST", "/sim/posts", new_post),
    ("GET", "/sim/posts/{id}", get_post),
    ("POST", "/sim/posts/{id}/edit", edit_post),
    ("POST", "/sim/posts/{id}/resend", resend),
    ("GET", "/sim/posts/{id}/conversation", conversation),
    ("GET", "/sim/replies", replies),
    ("POST", "/sim/forge", forge),
    ("POST", "/sim/actions", action),
    ("GET", "/sim/deliveries", deliveries),
    ("POST", "/sim/failures", fail),
    ("DELETE", "/sim/failures", stop_failing),
    ("PUT", "/sim/limits", change_limits),
)


def routes(world: World) -> list[Route]:
    return [Route(path, _guarded(world, handler), methods=[method]) for method, path, handler in HANDLERS]


def _guarded(world: World, handler: ANSWER) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        token = request.headers.get(TOKEN_HEADER, "")
        if not hmac.compare_digest(token.encode(), world.control_token.encode()):
            return _json({"detail": "The control token is missing or wrong."}, 401)
        try:
            return _json(await handler(world, request), 200)
        except problems.Problem as problem:
            return _json(problem.body, problem.status)

    return endpoint


def _json(body: Any, status: int) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
