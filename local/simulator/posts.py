"""Posts: creating, deleting and finding them, and the rules on replies and duplicates."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from twbot.local.simulator import problems
from twbot.local.simulator.people import People
from twbot.local.simulator.store import Row, Store, now_ms
from twbot.local.simulator.text import MENTION, Link, short_link, shorten_links

WEB = "https://x.com"
# X does not document for how long it compares. Bots report 12 hours.
DUPLICATE_MS = 12 * 3600 * 1000
# https://docs.x.com/x-api/fundamentals/edit-posts
MAX_EDITS = 5
EDITABLE_MS = 3_600_000


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """A post."""

    id: str
    author_id: str
    typed: str
    """The text that the author wrote."""
    text: str
    """The text that X shows: with t.co links, and a reply's implicit mentions in front."""
    prefix: int
    """The length of the implicit mentions in front of `text`."""
    links: list[Link]
    media: list[str]
    """Ids of the pictures."""
    reply_to: str | None
    """The id of the post, as in `quote_of` and `repost_of`."""
    quote_of: str | None
    repost_of: str | None
    conversation_id: str
    created_ms: int
    """Epoch milliseconds."""
    deleted: bool
    first_id: str | None = None
    """The id of the first version; None where this is the first one."""
    language: str | None = None
    """Language of the text (ISO 639-1); None where X can't tell."""

    @property
    def chain(self) -> str:
        """Return the id of the first version."""
        return self.first_id or self.id


class Posts:
    """The posts in the database."""

    def __init__(self, store: Store, people: People) -> None:
        self._store = store
        self._people = people
        self.takes_duplicates = False
        """Whether an account may post the same text again at once."""

    def get(self, post_id: str) -> Post | None:
        """Return a post, None where it does not exist or is deleted."""
        found = self._store.row("SELECT * FROM posts WHERE id = ? AND deleted = 0", post_id)
        return as_post(found) if found else None

    def any(self, post_id: str) -> Post | None:
        """Return a post, also a deleted one."""
        found = self._store.row("SELECT * FROM posts WHERE id = ?", post_id)
        return as_post(found) if found else None

    def where(self, condition: str, *values: object) -> list[Post]:
        """Return the posts that match and are not deleted, oldest first. `condition`: SQL of our own code only."""
        # `id + 0`: ids are texts, and must be ordered as numbers.
        sql = f"SELECT * FROM posts WHERE deleted = 0 AND {condition} ORDER BY id + 0"  # noqa: S608
        return [as_post(row) for row in self._store.rows(sql, *values)]

    def create(
        self,
        author: Row,
        typed: str,
        *,
        media: Sequence[str] = (),
        reply_to: Post | None = None,
        quote_of: Post | None = None,
        edit_of: Post | None = None,
        language: str | None = None,
        post_id: str | None = None,
        created_ms: int | None = None,
    ) -> Post:
        """Store a new post.

        `edit_of`: the first version of the post that it is a later version of. `post_id`, `created_ms`: None for the
        next id, and for now.
        """
        post_id = post_id or self._store.new_id()
        text, links = shorten_links(typed)
        prefix = self._implicit_mentions(author, typed, reply_to) if reply_to else ""
        if quote_of:
            quoted = f"{WEB}/{self._name(quote_of.author_id)}/status/{quote_of.id}"
            text, links = _with_link(text, links, quoted)
        if media:
            address = f"{WEB}/{author['username']}/status/{post_id}/photo/1"
            text, links = _with_link(text, links, address, f"3_{media[0]}")
        return self._insert(
            id=post_id,
            author_id=author["id"],
            typed=typed,
            text=prefix + text,
            prefix=len(prefix),
            links=links,
            media=list(media),
            reply_to=reply_to.id if reply_to else None,
            quote_of=quote_of.id if quote_of else None,
            repost_of=None,
            conversation_id=edit_of.conversation_id if edit_of else reply_to.conversation_id if reply_to else post_id,
            first_id=edit_of.id if edit_of else None,
            language=language,
            created_ms=created_ms or now_ms(),
        )

    def edit(self, post: Post, typed: str, *, forced: bool = False) -> Post:
        """Store a new version of a post, which has a new id. Raises Problem 403 against X's rules, unless `forced`."""
        versions = self.versions(post)
        if not forced and not (
            self.may_be_edited(post) and self.edits_left(post) and now_ms() < editable_until(versions[0])
        ):
            raise problems.forbidden("You are not permitted to edit this Tweet.")
        reply_to, quote_of = (self.get(each) if each else None for each in (post.reply_to, post.quote_of))
        author = self._people.by_id(post.author_id) or {}
        return self.create(author, typed, media=post.media, reply_to=reply_to, quote_of=quote_of, edit_of=versions[0])

    def versions(self, post: Post) -> list[Post]:
        """Return all versions of a post, oldest first."""
        return self.where("(id = ? OR first_id = ?)", post.chain, post.chain)

    def edits_left(self, post: Post) -> int:
        return max(0, MAX_EDITS + 1 - len(self.versions(post)))

    def may_be_edited(self, post: Post) -> bool:
        """Return whether X lets its author edit this kind of post: no repost, and no reply to somebody else."""
        target = self.get(post.reply_to) if post.reply_to else None
        return post.repost_of is None and (post.reply_to is None or (target and target.author_id) == post.author_id)

    def repost(self, author: Row, original: Post, *, post_id: str | None = None, created_ms: int | None = None) -> Post:
        """Store a repost. `post_id`, `created_ms`: None for the next id, and for now."""
        post_id = post_id or self._store.new_id()
        start = f"RT @{self._name(original.author_id)}: "
        return self._insert(
            id=post_id,
            author_id=author["id"],
            typed="",
            text=start + original.text[original.prefix :],
            prefix=0,
            links=original.links,
            media=[],
            reply_to=None,
            quote_of=None,
            repost_of=original.id,
            conversation_id=post_id,
            created_ms=created_ms or now_ms(),
        )

    def delete(self, post_id: str) -> None:
        """Delete a post, with its other versions."""
        chain = "(SELECT coalesce(first_id, id) FROM posts WHERE id = ?)"
        self._store.run(f"UPDATE posts SET deleted = 1 WHERE coalesce(first_id, id) = {chain}", post_id)  # noqa: S608

    def check_reply(self, author_id: str, target: Post | None) -> None:
        """Raise Problem 403 where the author may not reply to the post.

        Since 2026-02-23 X lets an app reply only to posts that mention or quote its account, or that are its own.
        """
        if target is None:
            raise problems.forbidden("You attempted to reply to a Tweet that is deleted or not visible to you.")
        quoted = self.get(target.quote_of) if target.quote_of else None
        summoned = target.author_id == author_id or (quoted is not None and quoted.author_id == author_id)
        if not summoned and author_id not in self.mentioned(target):
            raise problems.forbidden(problems.NOT_SUMMONED)

    def check_duplicate(self, author_id: str, typed: str, *, has_media: bool) -> None:
        """Raise Problem 403 where the account posted this text in the last hours, as a reply to whatever post."""
        same = (
            "SELECT 1 FROM posts WHERE author_id = ? AND typed = ? AND media = '[]' AND deleted = 0 AND created_ms > ?"
        )
        if self.takes_duplicates:
            return
        if typed and not has_media and self._store.row(same, author_id, typed, now_ms() - DUPLICATE_MS):
            raise problems.forbidden(problems.DUPLICATE)

    def mentioned(self, post: Post) -> list[str]:
        """Return the ids of the users whom the author mentioned, without the implicit mentions of a reply."""
        if post.repost_of:
            return []
        users = (self._people.named(name) for name in MENTION.findall(post.text[post.prefix :]))
        return [user["id"] for user in users if user]

    def _implicit_mentions(self, author: Row, typed: str, target: Post) -> str:
        ids = [target.author_id, *self.mentioned(target)]
        names = dict.fromkeys(self._name(user_id) for user_id in ids if user_id != author["id"])
        typed_names = {name.lower() for name in MENTION.findall(typed)}
        return "".join(f"@{name} " for name in names if name.lower() not in typed_names)

    def _name(self, user_id: str) -> str:
        user = self._people.by_id(user_id)
        return str(user["username"]) if user else "unknown"

    def _insert(self, **fields: object) -> Post:
        post = msgspec.convert({**fields, "deleted": False}, Post)
        columns = msgspec.structs.asdict(post)
        for name in ("links", "media"):
            columns[name] = msgspec.json.encode(columns[name]).decode()
        self._store.add("posts", **columns)
        return post


def editable_until(first: Post) -> int:
    """Return until when a post can be edited, by its first version: epoch milliseconds."""
    return first.created_ms + EDITABLE_MS


def as_post(row: Row) -> Post:
    parsed = {name: msgspec.json.decode(row[name]) for name in ("links", "media")}
    return msgspec.convert({**row, **parsed, "deleted": bool(row["deleted"])}, Post)


def _with_link(text: str, links: list[Link], address: str, media_key: str | None = None) -> tuple[str, list[Link]]:
    url = short_link()
    display = url.replace("https://t.co", "pic.x.com") if media_key else address.partition("://")[2]
    return f"{text} {url}".strip(), [*links, Link(url, address, display, media_key)]
