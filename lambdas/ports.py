"""The ports of the handlers. One composition root on each platform chooses the adapters behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import msgspec

from twbot.lambdas.contracts import Entry, Event


class Keys(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The keys of the X app and of the bot's account, as the secret `TwitterSecret` stores them. `repr` hides them."""

    api_key: str
    api_secret: str
    access_token: str
    access_token_secret: str
    bearer_token: str | None = None

    def __repr__(self) -> str:
        return "Keys(***)"

    @property
    def complete(self) -> bool:
        """Whether none of the four keys that X asks for is empty."""
        return all((self.api_key, self.api_secret, self.access_token, self.access_token_secret))

    @property
    def user_id(self) -> str:
        """Return the bot's user id, with which X's access tokens begin."""
        return self.access_token.partition("-")[0]


class Secrets(Protocol):
    """The source of the keys."""

    def keys(self) -> Keys:
        """Return the keys, which are read once and cached."""

    def refresh(self) -> Keys:
        """Read the keys again, after X refused the cached ones."""


class Publisher(Protocol):
    """The event bus, for writers."""

    def publish(self, entries: Sequence[Entry]) -> None:
        """Put the entries on the bus. They are durable when this returns; within a handler of the local bus, when its
        outcome is, without which it is called again (docs/decisions/0024).

        Drop an entry whose `dedup_key` was published before, unless it knows more of its post than those before: then
        it is published with all that is known, and its `Completes` names what is new (lambdas/completion.py).
        Raises Temporary, which names each entry that could not be published.
        """

    def fix(self, key: str, value: str) -> str:
        """Store the value under the key, unless one is stored there, and return the stored one. Raises Temporary.

        It is durable as what is published is, and kept for as long as the archive keeps events.
        """


class OwnBus(Publisher, Protocol):
    """The event bus, for the functions of the bot's folder."""

    def add(self, key: str, amount: float) -> float:
        """Add to the number under the key, 0 at first, and return the sum. Raises Temporary.

        It is durable when this returns, and kept for as long as the archive keeps events.
        """


class MediaStore(Protocol):
    """The store of the pictures that messages came with and that replies go out with."""

    def put(self, key: str, data: bytes, content_type: str) -> None: ...

    def get(self, key: str) -> bytes:
        """Return the stored bytes. Raises KeyError where the key does not exist or has expired."""


class OwnPost(msgspec.Struct, frozen=True):
    """A post of the bot's account."""

    id: str
    text: str
    """As X shows it: a reply's begins with the names of those whom X mentions in it."""
    reply_to: str | None = None
    """Id of the post that it answers."""


# X takes no larger picture of a reply: https://docs.x.com/x-api/media/introduction
MAX_IMAGE_BYTES = 5_000_000


class X(Protocol):
    """The part of X's API that replies need. Every call raises XRefused or XUnavailable."""

    def upload_image(self, data: bytes, alt_text: str | None) -> str:
        """Upload a JPEG or PNG of at most MAX_IMAGE_BYTES and return its media id."""

    def reply(self, text: str, *, to_tweet_id: str, media_ids: Sequence[str] = ()) -> str:
        """Post a reply and return the new post's id."""

    def own_posts(self, *, after: str) -> Iterator[OwnPost]:
        """Yield the bot's own posts that are newer than the post `after` (an id), newest first.

        The timeline may lag behind what was posted.
        """


class PostLookup(Protocol):
    """The look-up of a post on X."""

    def look_up(self, tweet_id: str) -> dict[str, Any]:
        """Return {"data": the post, "includes": its author and media}. Raises XRefused or XUnavailable.

        https://docs.x.com/x-api/posts/get-post-by-id
        """


class Chatbot(Protocol):
    """The chatbot, in the shape of Lex V2."""

    def recognize_text(self, *, text: str, session_id: str, language: str) -> dict[str, Any]:
        """Return Lex V2's RecognizeText response: the intent that the text is of.

        It runs no function of an intent: whoever asks does, with the whole event.

        text: 1 to 1,024 characters; session_id: 2 to 100 of [0-9a-zA-Z._:-]; language: one of the bot's
        https://docs.aws.amazon.com/lexv2/latest/APIReference/API_runtime_RecognizeText.html
        """


class Call(msgspec.Struct, frozen=True):
    """A function of the bot's folder, and what it may have."""

    owner: str
    """What it belongs to, as people know it: the name of a rule or a step, or "answers"."""
    run: str
    """Module and name, as in `bot.orders:status`."""
    secrets: tuple[str, ...] = ()
    """The names of the secrets that it may read."""
    timeout: float = 30
    """Seconds after which it is ended."""


class Functions(Protocol):
    """The functions of the bot's folder."""

    def call(self, call: Call, event: Event) -> Any:
        """Return what the function returned, in JSON's types.

        Raises Temporary and Permanent as the function does, FunctionFailed where it raises anything else or does not
        return in time.
        """
