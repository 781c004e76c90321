"""The simulator's control API under /sim: act as people, read posts and deliveries, cause failures.

Each call needs the control token.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import html
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.local.simulator import acts, problems, state
from twbot.local.simulator.limits import Failure
from twbot.local.simulator.page.address import address
from twbot.local.simulator.posts import Post
from twbot.local.simulator.shapes_v2 import Json, iso
from twbot.local.simulator.world import World

TOKEN_HEADER = "x-control-token"  # noqa: S105
MAX_WAIT = 60.0
ANSWER = Callable[[World, Request], Awaitable[Any]]


class NewPost(acts.NewPost, frozen=True, kw_only=True):
    """The body of POST /sim/posts and /sim/forge."""

    images: Annotated[tuple[str, ...], Meta(max_length=4)] = ()
    """Pictures in base64."""


class Plan(acts.Asked, frozen=True):
    """The body of PUT /sim/failures."""

    failures: tuple[Failure, ...] = ()
    seed: int | None = None
    """Choose the same calls for the same seed, where they come in the same order; None: others each time."""


async def keys(world: World, request: Request) -> Json:
    username = request.query_params.get("user") or world.store.setting("bot") or ""
    return {**msgspec.to_builtins(world.keys_of(username)), "Username": username, "AppId": world.app_id}


async def page(world: World, _: Request) -> Json:
    """Return the address of the page for people, with its token."""
    return {"url": address(world.base_url, world.page_token)}


async def new_post(world: World, request: Request) -> Json:
    body = await _read(request, NewPost)
    return show(world, acts.post(world, body, _images(body)))


async def edit_post(world: World, request: Request) -> Json:
    """Make a new version of a post, with a new id, and deliver it."""
    return show(world, acts.edit(world, request.path_params["id"], await _read(request, acts.Edit)))


async def forge(world: World, request: Request) -> Json:
    """Deliver a post once, signed with a wrong secret. Return it with the webhook's answer."""
    body = await _read(request, NewPost)
    post, sent = await acts.forge(world, body, _images(body))
    return {**show(world, post), "status": sent.status, "ms": sent.ms, "problem": sent.problem}


async def resend(world: World, request: Request) -> Json:
    """Repeat the deliveries about a post, with the same bytes."""
    sql = "SELECT * FROM deliveries WHERE post_id = ? ORDER BY id"
    rows = world.store.rows(sql, request.path_params["id"])
    return {"deliveries": [world.deliveries.again(row) for row in rows]}


async def action(world: World, request: Request) -> Json:
    return acts.act(world, await _read(request, acts.Action))


async def get_post(world: World, request: Request) -> Json:
    return show(world, acts.found(world, request.path_params["id"]))


async def list_posts(world: World, request: Request) -> Json:
    author = request.query_params.get("author")
    where = ("author_id = ?", world.people.ensure(author)["id"]) if author else ("1 = 1",)
    return {"posts": [show(world, post) for post in world.posts.where(*where)]}


async def conversation(world: World, request: Request) -> Json:
    post = acts.found(world, request.path_params["id"])
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
    names = "id, webhook_id, generation, event, post_id, state, tries, status, ms, problem, created_ms, fault"
    names += ", body" if "body" in query else ""
    rows = world.store.rows(f"SELECT {names} FROM deliveries WHERE {where} ORDER BY id", *(v for _, v in conditions))  # noqa: S608
    for row in rows:
        if "body" in row:
            row["body"] = msgspec.json.decode(row["body"])
        if "attempts" in query:
            row["attempts"] = world.deliveries.attempts(row["id"])
    return {"deliveries": rows}


async def fail(world: World, request: Request) -> Json:
    world.failures.add(await _read(request, Failure))
    return _failures(world)


async def plan_failures(world: World, request: Request) -> Json:
    """Replace the failures to come."""
    plan = await _read(request, Plan)
    world.failures.clear()
    if plan.seed is not None:
        world.failures.seed(plan.seed)
    for failure in plan.failures:
        world.failures.add(failure)
    return _failures(world)


async def list_failures(world: World, _: Request) -> Json:
    return _failures(world)


async def stop_failing(world: World, request: Request) -> Json:
    """Take away one failure that is to come, or all."""
    failure_id = request.path_params.get("id")
    world.failures.clear() if failure_id is None else world.failures.remove(failure_id)
    return _failures(world)


def _failures(world: World) -> Json:
    return {"failures": world.failures.coming}


async def change_limits(world: World, request: Request) -> Json:
    acts.change_limits(world, await _read(request, acts.Changed))
    return {"limits": world.limits.changed, "posts_a_day": world.limits.posts_a_day}


async def export(world: World, _: Request) -> state.State:
    return await run_in_threadpool(state.export, world)


async def take_in(world: World, request: Request) -> Json:
    asked = await _read(request, state.State)
    await run_in_threadpool(state.take_in, world, asked)
    return {"accounts": len(asked.accounts), "posts": len(asked.posts), "relations": len(asked.relations)}


async def reset(world: World, _: Request) -> Json:
    await run_in_threadpool(state.reset, world)
    return {"done": True}


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


def _images(body: NewPost) -> list[bytes]:
    return [_decoded(image) for image in body.images]


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
    ("GET", "/sim/page", page),
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
    ("GET", "/sim/failures", list_failures),
    ("PUT", "/sim/failures", plan_failures),
    ("DELETE", "/sim/failures", stop_failing),
    ("DELETE", "/sim/failures/{id:int}", stop_failing),
    ("PUT", "/sim/limits", change_limits),
    ("GET", "/sim/state", export),
    ("POST", "/sim/state", take_in),
    ("DELETE", "/sim/state", reset),
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
