"""What people do at the simulated X, by way of its control API or its page. Raises Problem."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from starlette.concurrency import run_in_threadpool

from twbot.local.simulator import problems
from twbot.local.simulator.deliveries import Sent
from twbot.local.simulator.posts import Post
from twbot.local.simulator.store import Row
from twbot.local.simulator.world import World

Generation = Literal["v1.1", "x-activity"]
Kind = Literal[
    "like", "follow", "unfollow", "block", "unblock", "mute", "unmute", "dm", "typing", "read", "delete", "revoke"
]


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what is asked."""


class NewPost(Asked, frozen=True, kw_only=True):
    """A post by anybody, but for its pictures."""

    author: str
    """A username. A missing user is created."""
    text: str = ""
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
    """An edit of a post by its author."""

    text: str
    force: bool = False
    """Whether against X's rules: too late, too often, or a reply to somebody else."""
    generation: Generation | None = None


class Action(Asked, frozen=True):
    """`author` does something to the user `to` or to the post `post`."""

    kind: Kind
    author: str
    to: str | None = None
    post: str | None = None
    text: str = ""
    generation: Generation | None = None


class Changed(Asked, frozen=True):
    """Limits that change."""

    limits: dict[str, Annotated[int, Meta(ge=0)]] = {}
    """Calls in 15 minutes, by names such as "POST /2/tweets"."""
    posts_a_day: int | None = None
    most_webhooks: int | None = None
    duplicates: bool | None = None
    """Whether an account may post the same text again at once, which X refuses."""


def post(world: World, asked: NewPost, images: Sequence[bytes] = (), *, checked: bool = False) -> Post:
    """Post, and deliver it. `checked`: whether pictures are refused that X would refuse."""
    made = create(world, asked, images, checked=checked)
    world.events.posted(made, asked.generation)
    world.something_happened()
    return made


def create(world: World, asked: NewPost, images: Sequence[bytes], *, checked: bool = False) -> Post:
    """Store a post."""
    author = world.people.ensure(asked.author)
    world.people.describe(author, followers=asked.followers, verified=asked.verified)
    if asked.repost:
        return world.posts.repost(author, found(world, asked.repost))
    reply_to = found(world, asked.reply_to) if asked.reply_to else None
    quote_of = found(world, asked.quote) if asked.quote else None
    media = [world.pictures.keep(author["id"], image, checked=checked)["id"] for image in images]
    for media_id, alt_text in zip(media, asked.alt_texts, strict=False):
        if alt_text:
            world.pictures.describe(media_id, alt_text)
    text = asked.text.strip()
    return world.posts.create(author, text, media=media, reply_to=reply_to, quote_of=quote_of, language=asked.language)


def edit(world: World, post_id: str, asked: Edit) -> Post:
    """Make a new version of a post, with a new id, and deliver it."""
    made = world.posts.edit(found(world, post_id), asked.text.strip(), forced=asked.force)
    world.events.posted(made, asked.generation)
    world.something_happened()
    return made


async def forge(world: World, asked: NewPost, images: Sequence[bytes]) -> tuple[Post, Sent]:
    """Deliver a post once, signed with a wrong secret. Return it with the webhook's answer."""
    made = create(world, asked, images)
    body = msgspec.json.encode(world.events.forged(made, asked.generation))
    webhook = world.store.row("SELECT url FROM webhooks ORDER BY created_ms LIMIT 1")
    if webhook is None:
        raise problems.not_found("webhook", "any")
    secret = secrets.token_hex(25)
    return made, await run_in_threadpool(world.deliveries.send, webhook["url"], body, secret)


def act(world: World, asked: Action) -> dict[str, Any]:
    author = world.people.ensure(asked.author)
    if asked.kind in ("like", "delete"):
        return _act_on_post(world, asked, author)
    if asked.kind == "revoke":
        world.people.revoke_token(author["id"])
        world.gate.validator.forget()
        world.events.revoked(author)
        return {"done": True}
    other = world.people.ensure(asked.to or "")
    if asked.kind == "dm":
        return {"id": world.events.messaged(author, other, asked.text, asked.generation)}
    if asked.kind == "typing":
        world.events.typing(author, other, asked.generation)
    elif asked.kind == "read":
        world.events.read(author, other, asked.post or world.store.new_id(), asked.generation)
    else:
        _relate(world, asked.kind, author["id"], other["id"])
        world.events.related(asked.kind, author, other, asked.generation)
    return {"done": True}


def _act_on_post(world: World, asked: Action, author: Row) -> dict[str, Any]:
    target = found(world, asked.post or "")
    if asked.kind == "delete":
        world.posts.delete(target.id)
        world.events.deleted(target, asked.generation)
    else:
        world.store.run("INSERT OR IGNORE INTO relations VALUES ('like', ?, ?)", author["id"], target.id)
        world.events.liked(author, target, asked.generation)
    return {"done": True}


def _relate(world: World, kind: str, source: str, target: str) -> None:
    if kind.startswith("un"):
        sql = "DELETE FROM relations WHERE kind = ? AND source = ? AND target = ?"
    else:
        sql = "INSERT OR IGNORE INTO relations VALUES (?, ?, ?)"
    world.store.run(sql, kind.removeprefix("un"), source, target)


def change_limits(world: World, asked: Changed) -> None:
    """Change limits, and reset all counts."""
    world.limits.changed |= asked.limits
    world.limits.posts_a_day = asked.posts_a_day or world.limits.posts_a_day
    if asked.most_webhooks is not None:
        world.store.keep("most_webhooks", str(asked.most_webhooks))
    if asked.duplicates is not None:
        world.posts.takes_duplicates = asked.duplicates
    world.limits.forget()


def found(world: World, post_id: str) -> Post:
    """Return a post that is not deleted. Raises Problem 404."""
    if (known := world.posts.get(post_id)) is None:
        raise problems.not_found("tweet", post_id)
    return known
