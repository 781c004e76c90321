"""Makes sample deliveries of every generation and kind, with the simulated X's code, to try a webhook with.

Each sample comes from a small world in a temporary folder: the bot, another user, and one thing that happens between
them. No web server is started.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import msgspec

from twbot.local.simulator.deliveries import Deliveries
from twbot.local.simulator.events import ACCOUNT_ACTIVITY, X_ACTIVITY, Events
from twbot.local.simulator.limits import Failures
from twbot.local.simulator.media import Pictures
from twbot.local.simulator.people import USERNAME, People
from twbot.local.simulator.posts import Post, Posts
from twbot.local.simulator.problems import invalid
from twbot.local.simulator.shapes_v1 import ShapesV1
from twbot.local.simulator.shapes_v2 import ShapesV2
from twbot.local.simulator.store import Row, Store, now_ms

# Account Activity's payload is the same at API v2 and v1.1.
GENERATIONS = {"xaa": X_ACTIVITY, "v2": ACCOUNT_ACTIVITY, "v1.1": ACCOUNT_ACTIVITY}
# X's host for photos, so that a webhook finds the usual addresses. The sample's photo can't be fetched there.
PICTURES_AT = "https://pbs.twimg.com"
MADE_UP = "1000000000000000001"


class SampleRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The sample to make."""

    generation: str
    """A key of GENERATIONS."""
    kind: str
    """A key of KINDS."""
    bot: str = "twbot"
    """The bot's username."""
    bot_id: str = MADE_UP
    author: str = "alice"
    text: str = "Hello, this is a sample."
    """The post's text. A mention of the bot is added where the kind needs one."""
    picture: bytes | None = None
    """The picture of the kind `image`; None takes one of the simulator's."""


class Sample(msgspec.Struct, frozen=True):
    """One delivery."""

    event: str
    """X's name of the event."""
    post_id: str | None
    """The post that it is about, None where it is about none."""
    body: bytes
    """The body that X would post to the webhook."""


class _Scene:
    """The bot and another user, in a world of their own. Its deliveries are queued, but never sent."""

    def __init__(self, folder: Path, request: SampleRequest) -> None:
        if not USERNAME.fullmatch(request.bot):
            raise invalid("A username has 1 to 15 letters, digits or underscores.")
        self.request = request
        self.store = Store(folder / "sim.db")
        people = People(self.store)
        self.posts, self.pictures = Posts(self.store, people), Pictures(self.store, folder / "pictures")
        v2 = ShapesV2(self.store, people, self.posts, self.pictures, PICTURES_AT)
        v1 = ShapesV1(people, self.posts, self.pictures, v2)
        queue = Deliveries(self.store, "", Failures())
        self.events = Events(self.store, people, self.posts, v1, v2, queue, app_id=self.store.new_id())
        # The bot has the id that the webhook's owner knows.
        self.store.add("users", id=request.bot_id, username=request.bot, name=request.bot, created_ms=now_ms())
        self.bot, self.other = people.ensure(request.bot), people.ensure(request.author)

    def post(self, author: Row, text: str, *, about: str | None = None, media: list[str] | None = None) -> Post:
        """Post as the author. `about`: make it a "reply" to, or a "quote" of, a post of the bot."""
        target = self.of_bot() if about else None
        made = self.posts.create(
            author,
            text,
            media=media or [],
            reply_to=target if about == "reply" else None,
            quote_of=target if about == "quote" else None,
        )
        self.events.posted(made)
        return made

    def of_bot(self) -> Post:
        return self.posts.create(self.bot, "Good morning.")

    def with_picture(self) -> None:
        picture = self.request.picture or files("twbot.local.simulator").joinpath("pictures/cat.jpg").read_bytes()
        media = self.pictures.keep(self.other["id"], picture)
        self.post(self.other, self.named, media=[media["id"]])

    @property
    def named(self) -> str:
        text, name = self.request.text, f"@{self.request.bot}"
        return text if name.lower() in text.lower() else f"{name} {text}"


class Kind(msgspec.Struct, frozen=True):
    """A kind of sample."""

    activity: str
    """X Activity's event type."""
    about: str
    """The description that the command line shows."""
    happens: Callable[[_Scene], object]
    """Makes the event happen in a scene."""


KINDS: dict[str, Kind] = {
    "mention": Kind("post.mention.create", "somebody names the bot", lambda s: s.post(s.other, s.named)),
    "image": Kind("post.mention.create", "the same, with a picture", lambda s: s.with_picture()),
    "reply": Kind(
        "post.reply.create", "somebody answers the bot", lambda s: s.post(s.other, s.request.text, about="reply")
    ),
    "quote": Kind(
        "post.quote.create", "somebody quotes the bot", lambda s: s.post(s.other, s.request.text, about="quote")
    ),
    "repost": Kind(
        "post.repost.create",
        "somebody reposts the bot",
        lambda s: s.events.posted(s.posts.repost(s.other, s.of_bot())),
    ),
    "post": Kind("post.create", "the bot's own post", lambda s: s.post(s.bot, s.request.text)),
    "delete": Kind("post.delete", "a post of the bot's is deleted", lambda s: s.events.deleted(s.of_bot())),
    "like": Kind("like.create", "somebody likes a post of the bot's", lambda s: s.events.liked(s.other, s.of_bot())),
    "dm": Kind(
        "dm.received", "a direct message to the bot", lambda s: s.events.messaged(s.other, s.bot, s.request.text)
    ),
    "typing": Kind("dm.indicate_typing", "somebody types one", lambda s: s.events.typing(s.other, s.bot)),
    "read": Kind("dm.read", "somebody has read the bot's", lambda s: s.events.read(s.other, s.bot, s.store.new_id())),
    "revoke": Kind("oauth.revoke", "the bot's account withdraws the app's access", lambda s: s.events.revoked(s.bot)),
}


def _relation(kind: str) -> Kind:
    # X sends blocks and mutes only to the account that makes them: here the bot is the one that blocks or mutes.
    family = kind.removeprefix("un")
    if family == "follow":
        return Kind(f"follow.{kind}", f"somebody {kind}s the bot", lambda s: s.events.related(kind, s.other, s.bot))
    return Kind(f"{family}.{kind}", f"the bot {kind}s somebody", lambda s: s.events.related(kind, s.bot, s.other))


KINDS |= {kind: _relation(kind) for kind in ("follow", "unfollow", "block", "unblock", "mute", "unmute")}


def sample(request: SampleRequest) -> Sample:
    """Make a sample. Raises problems.Problem for a username or a picture that X does not accept."""
    kind = KINDS[request.kind]
    with tempfile.TemporaryDirectory(prefix="twbot-sample-") as folder:
        scene = _Scene(Path(folder), request)
        try:
            _subscribe(scene.store, request, kind)
            kind.happens(scene)
            found = scene.store.row("SELECT event, post_id, body FROM deliveries ORDER BY id DESC LIMIT 1")
        finally:
            scene.store.close()
    assert found is not None, request.kind
    return Sample(found["event"], found["post_id"], found["body"])


def _subscribe(store: Store, request: SampleRequest, kind: Kind) -> None:
    webhook, now = store.new_id(), now_ms()
    store.add("webhooks", id=webhook, url="https://webhook.invalid", valid=1, created_ms=now)
    if GENERATIONS[request.generation] == ACCOUNT_ACTIVITY:
        store.add("account_subscriptions", webhook_id=webhook, user_id=request.bot_id)
        return
    chosen = msgspec.json.encode({"user_id": request.bot_id}).decode()
    columns = {"id": store.new_id(), "webhook_id": webhook, "created_ms": now, "updated_ms": now}
    store.add("activity_subscriptions", event_type=kind.activity, filter=chosen, tag="sample", **columns)
