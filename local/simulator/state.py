"""What the simulated X knows, as one document: to seed it, to keep it, and to begin anew. Raises Problem.

It has accounts, posts with pictures, and who follows, blocks, mutes or likes. Keys, webhooks, subscriptions and
deliveries are the app's: they are in no document.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from twbot.lambdas.x.post_ids import first_id
from twbot.local.simulator import problems
from twbot.local.simulator.posts import Post, as_post
from twbot.local.simulator.store import Row, now_ms
from twbot.local.simulator.world import World

Id = Annotated[str, Meta(pattern=r"^[0-9]{1,19}$")]
Username = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_]{1,15}$")]
Milliseconds = Annotated[int, Meta(ge=0, le=2**53)]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of the document's parts."""


class Account(Part, frozen=True, kw_only=True):
    username: Username
    id: Id | None = None
    """None: any. An account that is there keeps its own."""
    name: str | None = None
    """None: made of the username."""
    followers: Annotated[int, Meta(ge=0)] | None = None
    """None: as many as follow it."""
    verified: bool = False
    created_ms: Milliseconds | None = None
    """Epoch milliseconds; None: now."""


class Picture(Part, frozen=True, kw_only=True):
    data: str
    """The file in base64."""
    alt_text: str | None = None


class StatedPost(Part, frozen=True, kw_only=True):
    author: Username
    text: str = ""
    """The text that its author typed."""
    id: Id | None = None
    """None: the next one. Other posts of the document name it by its id."""
    reply_to: Id | None = None
    quote: Id | None = None
    repost: Id | None = None
    version_of: Id | None = None
    """The first version of the post that this is a later version of."""
    pictures: Annotated[tuple[Picture, ...], Meta(max_length=4)] = ()
    language: str | None = None
    created_ms: Milliseconds | None = None
    """Epoch milliseconds; None: now."""
    deleted: bool = False


class Relation(Part, frozen=True, kw_only=True):
    kind: Literal["follow", "block", "mute", "like"]
    source: Username
    target: str
    """A username, of a like a post's id."""


class State(Part, frozen=True, kw_only=True):
    """The document."""

    version: Literal[1]
    accounts: tuple[Account, ...] = ()
    posts: tuple[StatedPost, ...] = ()
    """Each after those that it names."""
    relations: tuple[Relation, ...] = ()


def export(world: World) -> State:
    """Return all that the simulated X knows."""
    users = world.store.rows("SELECT * FROM users ORDER BY created_ms, id + 0")
    posts = [as_post(row) for row in world.store.rows("SELECT * FROM posts ORDER BY id + 0")]
    relations = world.store.rows("SELECT * FROM relations ORDER BY kind, source, target")
    names = {user["id"]: user["username"] for user in users}
    return State(
        version=1,
        accounts=tuple(_account(user) for user in users),
        posts=tuple(_stated(world, post, names) for post in posts),
        relations=tuple(
            Relation(
                kind=each["kind"],
                source=names[each["source"]],
                target=each["target"] if each["kind"] == "like" else names[each["target"]],
            )
            for each in relations
        ),
    )


def take_in(world: World, state: State) -> None:
    """Add what a document says, all of it or nothing, and deliver nothing. Raises Problem, which names the part."""
    # Before anything is stored: pictures are files, which no transaction takes back.
    pictures = [[_decoded(each, number) for each in post.pictures] for number, post in enumerate(state.posts, 1)]
    kept: list[str] = []
    try:
        with world.store.transaction():
            for account in state.accounts:
                _add_account(world, account)
            for number, (post, files) in enumerate(zip(state.posts, pictures, strict=True), 1):
                _add_post(world, post, number, files, kept)
            for number, relation in enumerate(state.relations, 1):
                _add_relation(world, relation, number)
    except BaseException:
        world.pictures.remove(kept)
        raise
    world.something_happened()


def reset(world: World) -> None:
    """Forget accounts, posts, pictures, relations, deliveries, failures and counts.

    What the app has goes on working: its keys, the accounts that gave it a token, webhooks and subscriptions.
    """
    tables = ("posts", "media", "relations", "deliveries", "attempts")
    with world.store.transaction():
        pictures = [row["id"] for row in world.store.rows("SELECT id FROM media")]
        for table in tables:
            world.store.run(f"DELETE FROM {table}")  # noqa: S608 (our own names)
        world.store.run("DELETE FROM users WHERE access_token IS NULL")
        world.store.run("UPDATE users SET followers = NULL, verified = 0")
    world.pictures.remove(pictures)
    world.failures.clear()
    world.limits.reset()
    world.posts.takes_duplicates = False
    world.something_happened()


def _account(user: Row) -> Account:
    names = ("username", "id", "name", "followers", "created_ms")
    return Account(**{name: user[name] for name in names}, verified=bool(user["verified"]))


def _stated(world: World, post: Post, names: dict[str, str]) -> StatedPost:
    media = [row for each in post.media if (row := world.pictures.get(each)) and row["state"] == "succeeded"]
    # A later version has the pictures of the first.
    pictures = () if post.first_id else tuple(_picture(world, row) for row in media)
    return StatedPost(
        author=names[post.author_id],
        text=post.typed,
        id=post.id,
        reply_to=post.reply_to,
        quote=post.quote_of,
        repost=post.repost_of,
        version_of=post.first_id,
        pictures=pictures,
        language=post.language,
        created_ms=post.created_ms,
        deleted=post.deleted,
    )


def _picture(world: World, row: Row) -> Picture:
    return Picture(data=base64.b64encode(world.pictures.data(row["id"])).decode(), alt_text=row["alt_text"])


def _decoded(picture: Picture, number: int) -> bytes:
    try:
        return base64.b64decode(picture.data, validate=True)
    except (binascii.Error, ValueError):
        raise problems.invalid(f"Post {number}: data of a picture is not base64.") from None


def _add_account(world: World, account: Account) -> None:
    user = world.people.named(account.username)
    if user is None:
        if account.id and world.people.by_id(account.id):
            raise problems.invalid(f"@{account.username}: another account has the id {account.id}.")
        user = world.people.ensure(account.username, user_id=account.id, created_ms=account.created_ms)
    world.people.describe(user, name=account.name, followers=account.followers, verified=account.verified)


def _add_post(world: World, stated: StatedPost, number: int, pictures: list[bytes], kept: list[str]) -> None:
    if stated.id and world.posts.any(stated.id):
        raise problems.invalid(f"Post {number}: there is a post {stated.id} already.")
    if stated.id and int(stated.id) >= first_id(now_ms() + 1):
        raise problems.invalid(f"Post {number}: the id {stated.id} is one of the future.")
    named = {name: getattr(stated, name) for name in ("reply_to", "quote", "repost", "version_of")}
    found = {name: world.posts.any(post_id) if post_id else None for name, post_id in named.items()}
    for name, post_id in named.items():
        if post_id and found[name] is None:
            raise problems.invalid(f"Post {number}: {name} is {post_id}, which no post before it has.")
    author, first, repost = world.people.ensure(stated.author), found["version_of"], found["repost"]
    if repost:
        made = world.posts.repost(author, repost, post_id=stated.id, created_ms=stated.created_ms)
    else:
        media = [_keep(world, author, each, data) for each, data in zip(stated.pictures, pictures, strict=True)]
        kept += media
        made = world.posts.create(
            author,
            stated.text,
            media=first.media if first else media,
            reply_to=found["reply_to"],
            quote_of=found["quote"],
            edit_of=first,
            language=stated.language,
            post_id=stated.id,
            created_ms=stated.created_ms,
        )
    if stated.deleted:
        world.posts.delete(made.id)


def _keep(world: World, author: Row, picture: Picture, data: bytes) -> str:
    media = world.pictures.keep(author["id"], data, checked=False)
    if picture.alt_text:
        world.pictures.describe(media["id"], picture.alt_text)
    return str(media["id"])


def _add_relation(world: World, relation: Relation, number: int) -> None:
    source = world.people.ensure(relation.source)
    if relation.kind == "like":
        if world.posts.any(relation.target) is None:
            raise problems.invalid(f"Relation {number}: there is no post {relation.target}.")
        target = relation.target
    else:
        target = world.people.ensure(relation.target)["id"]
    world.store.run("INSERT OR IGNORE INTO relations VALUES (?, ?, ?)", relation.kind, source["id"], target)
