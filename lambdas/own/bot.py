"""What a function of the bot's folder is given beside the event. twbot.bot is its public name."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from twbot.lambdas.contracts import BOT, Entry, Event, Message, ReplyImage, read
from twbot.lambdas.errors import BadEvent, Permanent
from twbot.lambdas.folder.event_types import is_own_type
from twbot.lambdas.folder.records import EventFields
from twbot.lambdas.own.event_fields import check_fields
from twbot.lambdas.own.redaction import Redactor
from twbot.lambdas.ports import MediaStore, OwnBus
from twbot.lambdas.replying import publish_reply
from twbot.lambdas.x.text import neutralise

MAX_NAME = 100
MIN_REFUSED = 8  # characters of a secret
# X's: https://docs.x.com/x-api/media/quickstart/best-practices
MAX_IMAGES, MAX_IMAGE_BYTES = 4, 5 * 1024 * 1024
JPEG, PNG = b"\xff\xd8", b"\x89PNG"
# EventBridge takes less than 1 MB with the envelope: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
MAX_DETAIL = 1_000_000


class Bot:
    """The bot, for a function of its folder. One is made for each call.

    `settings`: the keys of [stages.NAME] and of [stages.NAME.own] in twbot.toml. `log`: a logger of the standard
    library; its lines are in `twbot logs` and `twbot trace`. `media`: the pictures, `media.get(key)` returns bytes and
    raises KeyError where they have expired. A message's keys are in `Analysis.Images[].Key`.
    """

    def __init__(
        self,
        *,
        publisher: OwnBus,
        media: MediaStore,
        secrets: Mapping[str, str],
        settings: Mapping[str, Any],
        events: EventFields,
        links: Sequence[str],
        log: logging.Logger,
    ) -> None:
        self.media = media
        self.settings = settings
        self.log = log
        self._replay: str | None = None
        self._publisher, self._secrets, self._events, self._links = publisher, secrets, events, frozenset(links)

    def reply(self, event: Event, text: str, images: Sequence[bytes | ReplyImage] = ()) -> bool:
        """Reply to the post of a MESSAGE_RECEIVED or MESSAGE_ANALYSED. Return False where X would refuse it.

        X takes replies only to who mentions or quotes the bot (`Summoned`). A post gets one reply: the first of all
        that are given for it, by whatever rule. More than 280 weighted characters are cut; mentions are no mentions,
        and links only those to hosts that the bot's folder names. The operator's pause and limits hold.

        images: at most four, JPEG or PNG of at most 5 MB, as bytes or as the `key` of one in `media`

        Raises BadEvent where the event is about no post or X would not take the reply, Permanent where the text has a
        secret of the rule, Temporary where the bus can't take it.
        """
        _check_reply(text, images)
        self._refuse_secrets("The reply", text)
        message = read(event.detail, Message)
        if not message.summoned:
            self.log.warning("no reply: X takes one only to who mentions or quotes the bot")
            return False
        kept = [self._kept(image, message, number) for number, image in enumerate(images)]
        publish_reply(neutralise(text, self._links), message, event, self._publisher, images=kept)
        return True

    def publish(self, type: str, detail: Mapping[str, Any], *, once: str | None = None) -> None:  # noqa: A002
        """Publish an event of the bot's own. It is archived, logged, counted, kept in the lake, and rules may take it.

        type: capitals, digits and underscores, such as ORDER_ASKED, and none of twbot's own
        detail: what JSON can say; its fields are those of bot/events.toml, where the type is there
        once: of all events of this type with the same `once`, one is published

        Where a replay brought the event of this call, `ReplayName` is added to the detail: rules without `replays` do
        not take it.

        Raises BadEvent for a wrong type or field or more than 1 MB, Permanent where the detail has a secret of the
        rule, Temporary where the bus can't take it.
        """
        if not is_own_type(type):
            raise BadEvent(f"{type!r} is no type of an own event: capitals, digits and underscores, none of twbot's.")
        if not isinstance(detail, Mapping):
            raise BadEvent(f"{type}: expected a dict of its fields, got {detail!r:.60}.")
        check_fields(type, detail, self._events.get(type))
        try:
            encoded = msgspec.json.encode(detail)
        except (TypeError, UnicodeEncodeError) as error:
            raise BadEvent(f"{type}: not JSON: {error}") from None
        if len(encoded) > MAX_DETAIL:
            raise BadEvent(f"{type}: {len(encoded):,} bytes of JSON; an event has room for {MAX_DETAIL:,}.")
        self._refuse_secrets(type, encoded.decode())
        plain = msgspec.json.decode(encoded, type=dict[str, Any])
        if self._replay:
            plain["ReplayName"] = self._replay
        key = None if once is None else f"own:{type}:{once}"
        self._publisher.publish([Entry(source=BOT, detail_type=type, detail=plain, dedup_key=key)])

    def add(self, name: str, amount: float) -> float:
        """Add to a number of the bot's that all functions share, 0 at first, and return the sum.

        name: up to 100 characters; with the day in it, it counts that day. It is kept for as long as the archive.

        Raises BadEvent for another name or amount, Temporary where the bus can't take it.
        """
        if not 0 < len(name) <= MAX_NAME:
            raise BadEvent(f"The name of a number has 1 to {MAX_NAME} characters.")
        is_number = isinstance(amount, int | float) and not isinstance(amount, bool)
        if not is_number or not abs(amount) <= sys.float_info.max:
            raise BadEvent(f"{name}: expected a number, got {amount!r:.60}.")
        return self._publisher.add(f"number:{name}", amount)

    def secret(self, name: str) -> str:
        """Return a secret that `twbot secrets put NAME` stored. Raises Permanent where the rule does not name it."""
        if name not in self._secrets:
            raise Permanent(
                f"No secret {name}: name it in `secrets` in twbot.toml, and store it: twbot secrets put {name}; "
                "for `twbot test`, in [secrets] of tests/conversations.toml"
            )
        return self._secrets[name]

    def _refuse_secrets(self, what: str, text: str) -> None:
        """Raise Permanent for a text with a secret. Events are logged and kept, replies are public."""
        for name, value in self._secrets.items():
            # A shorter one may be a word that is there by chance.
            if len(value) >= MIN_REFUSED and Redactor([value])(text) != text:
                raise Permanent(f"{what} has the secret {name}: nothing was published.")

    def _begin(self, event: Event) -> None:
        """Begin the call with this event: what a replay causes bears its name."""
        self._replay = event.replay_name or event.detail.get("ReplayName")

    def _kept(self, image: bytes | ReplyImage, message: Message, number: int) -> ReplyImage:
        if isinstance(image, ReplyImage):
            return image
        is_png = image.startswith(PNG)
        digest = hashlib.sha256(image).hexdigest()[:16]
        key = f"replies/{message.twitter.tweet_id}/own-{number}-{digest}.{'png' if is_png else 'jpg'}"
        self.media.put(key, image, "image/png" if is_png else "image/jpeg")
        return ReplyImage(key=key)


def _check_reply(text: object, images: Sequence[object]) -> None:
    """Raise BadEvent for what X would refuse: here it is the function's fault, in its log and traceback."""
    if not isinstance(text, str):
        raise BadEvent(f"The reply: expected text, got {text!r:.60}.")
    if not text.strip() and not images:
        raise BadEvent("The reply has neither text nor pictures.")
    if len(images) > MAX_IMAGES:
        raise BadEvent(f"The reply has {len(images)} pictures; X takes {MAX_IMAGES}.")
    for image in images:
        if isinstance(image, ReplyImage):
            continue
        if not isinstance(image, bytes) or not image.startswith((JPEG, PNG)):
            raise BadEvent(f"The reply: expected the bytes of a JPEG or PNG, or a ReplyImage, got {image!r:.60}.")
        if len(image) > MAX_IMAGE_BYTES:
            raise BadEvent(f"The reply: a picture has {len(image):,} bytes; X takes {MAX_IMAGE_BYTES:,}.")
