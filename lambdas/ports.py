"""What the handlers need of the world. Adapters stand behind these on each platform, chosen in one place on each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from twbot.lambdas.contracts import Entry


class Keys(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The keys of the X app and the bot's account, as `TwitterSecret` holds them. Never shown: repr hides them."""

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
        """The bot's own user id: X's access tokens begin with it."""
        return self.access_token.partition("-")[0]


class Secrets(Protocol):
    def keys(self) -> Keys:
        """The current keys, read once and kept."""

    def refresh(self) -> Keys:
        """Read them again: X refused those we had."""


class Publisher(Protocol):
    def publish(self, entries: Sequence[Entry]) -> None:
        """Put the entries on the bus; when it returns they are durable.

        An entry whose `once` key was there before is dropped. Raises Temporary, naming
        each entry that could not be published.
        """


class MediaStore(Protocol):
    def put(self, key: str, data: bytes, content_type: str) -> None: ...

    def get(self, key: str) -> bytes:
        """Raises KeyError where the key is not there (any more)."""


class PostedMedia(msgspec.Struct, frozen=True):
    """A picture of a post on X, and the alternative text that its author gave it."""

    url: str
    alt_text: str | None = None


# X takes no larger picture of a reply: https://docs.x.com/x-api/media/introduction
MAX_IMAGE_BYTES = 5_000_000


class X(Protocol):
    """X's API, as far as the handlers use it. Every call raises XRefused or XUnavailable."""

    def media_of(self, tweet_id: str) -> list[PostedMedia]: ...

    def upload_image(self, data: bytes, alt_text: str | None) -> str:
        """The media id of the uploaded JPEG or PNG, of at most MAX_IMAGE_BYTES."""

    def reply(self, text: str, *, to_tweet_id: str, media_ids: Sequence[str] = ()) -> str:
        """Post a reply; the new post's id."""


class Chatbot(Protocol):
    def recognize_text(self, *, text: str, session_id: str) -> dict[str, Any]:
        """Lex V2's RecognizeText response. `text`: 1 to 1,024 characters; `session_id`: [0-9a-zA-Z._:-]{2,100}."""
