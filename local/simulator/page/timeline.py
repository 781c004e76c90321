"""Posts as the page shows them: conversations, newest first, each as a tree of replies, deleted ones too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from twbot.local.simulator.media import ENDINGS
from twbot.local.simulator.posts import Post, as_post
from twbot.local.simulator.store import Row
from twbot.local.simulator.world import World

CONVERSATIONS = 25  # on a page
MAX_REPLIES = 40  # of one conversation in the timeline
MAX_CONVERSATION = 400  # posts on a post's own page
MAX_DEPTH = 6


class Shown(msgspec.Struct, kw_only=True):
    """A post in its latest version."""

    post: Post
    author: Row
    is_bot: bool
    depth: int
    older: list[Post]
    """Earlier versions, oldest first."""
    media: list[Row]
    """With the path of each as `src`, None where it can't be shown."""
    about: Post | None
    """The post that this one quotes or reposts."""
    about_author: str
    likes: int
    deliveries: dict[str, int]
    """Numbers of deliveries about it, by state."""


class Conversation(msgspec.Struct, frozen=True):
    id: str
    posts: list[Shown]
    left_out: int


def conversations(world: World, before: int | None = None) -> tuple[list[Conversation], int | None]:
    """Return a page of the timeline, and the number to ask for the next one with; None where this is the last."""
    sql = """SELECT conversation_id AS id, max(id + 0) AS latest, count(*) AS posts FROM posts
             GROUP BY conversation_id HAVING latest < ? ORDER BY latest DESC LIMIT ?"""
    rows = world.store.rows(sql, before or 2**63 - 1, CONVERSATIONS + 1)
    made = [conversation(world, row["id"], MAX_REPLIES) for row in rows[:CONVERSATIONS]]
    return made, rows[CONVERSATIONS - 1]["latest"] if len(rows) > CONVERSATIONS else None


def conversation(world: World, conversation_id: str, limit: int = MAX_CONVERSATION) -> Conversation:
    """Return a conversation: its first post and the newest others."""
    sql = """SELECT * FROM posts WHERE conversation_id = ?1 AND (id = ?1 OR id IN (
                 SELECT id FROM posts WHERE conversation_id = ?1 ORDER BY id + 0 DESC LIMIT ?2)) ORDER BY id + 0"""
    rows = world.store.rows(sql, conversation_id, limit)
    counted = world.store.row("SELECT count(*) AS n FROM posts WHERE conversation_id = ?", conversation_id)
    return Conversation(conversation_id, _tree(world, rows), (counted["n"] if counted else 0) - len(rows))


def posts_of(world: World, user_id: str, limit: int = 50) -> list[Shown]:
    """Return a user's newest posts, deleted ones too."""
    rows = world.store.rows("SELECT * FROM posts WHERE author_id = ? ORDER BY id + 0 DESC LIMIT ?", user_id, limit)
    return [_shown(world, [as_post(row)], 0) for row in rows]


def _tree(world: World, rows: Iterable[Row]) -> list[Shown]:
    """Return the posts in the order of a tree, each reply below what it answers."""
    chains: dict[str, list[Post]] = {}
    chain_of: dict[str, str] = {}
    for post in map(as_post, rows):
        chains.setdefault(post.chain, []).append(post)
        chain_of[post.id] = post.chain
    children: dict[str | None, list[str]] = {}
    for chain, versions in chains.items():
        target = chain_of.get(versions[0].reply_to or "")
        children.setdefault(None if target == chain else target, []).append(chain)
    # A stack, not recursion: two bots may answer each other a thousand times.
    waiting = [(chain, 0) for chain in reversed(children.get(None, []))]
    made = []
    while waiting:
        chain, depth = waiting.pop()
        made.append(_shown(world, chains[chain], min(depth, MAX_DEPTH)))
        waiting += [(each, depth + 1) for each in reversed(children.get(chain, []))]
    return made


def _shown(world: World, versions: list[Post], depth: int) -> Shown:
    post = versions[-1]
    author = world.people.by_id(post.author_id) or {"username": "unknown", "name": "", "verified": 0}
    about = world.posts.any(post.quote_of or post.repost_of or "")
    about_author = world.people.by_id(about.author_id) if about else None
    likes = world.store.row("SELECT count(*) AS n FROM relations WHERE kind = 'like' AND target = ?", post.id)
    return Shown(
        post=post,
        author=author,
        is_bot=is_bot(world, author),
        depth=depth,
        older=versions[:-1],
        media=[_medium(row) for each in post.media if (row := world.pictures.get(each))],
        about=about,
        about_author=about_author["username"] if about_author else "unknown",
        likes=likes["n"] if likes else 0,
        deliveries=_deliveries(world, post.id),
    )


def _medium(row: Row) -> dict[str, Any]:
    # A path, not the address: the page may be open under another name of this machine.
    is_picture = row["width"] > 0 and row["state"] == "succeeded"
    src = f"/media/3_{row['id']}.{ENDINGS[row['content_type']]}" if is_picture else None
    return {**row, "src": src}


def _deliveries(world: World, post_id: str) -> dict[str, int]:
    sql = "SELECT state, count(*) AS n FROM deliveries WHERE post_id = ? GROUP BY state ORDER BY state"
    return {row["state"]: row["n"] for row in world.store.rows(sql, post_id)}


def is_bot(world: World, user: Row) -> bool:
    return str(user["username"]).lower() == (world.store.setting("bot") or "").lower()
