"""Uploads the pictures of a reply from the media store to X, which accepts at most four of 5 MB each."""

from __future__ import annotations

import logging

from twbot.lambdas.contracts import ReplyImage, SendTweet
from twbot.lambdas.egress.attempts import Journal
from twbot.lambdas.errors import UnusableImage, XRefused
from twbot.lambdas.ports import MAX_IMAGE_BYTES, MediaStore, X
from twbot.lambdas.x.errors import Reason

MAX_IMAGES = 4
logger = logging.getLogger(__name__)


def upload_images(command: SendTweet, media: MediaStore, x: X, journal: Journal) -> list[str]:
    """Upload the pictures, each once, and return their media ids.

    A missing or refused one is left out: the text still answers.
    """
    images = command.images or ([ReplyImage(key=command.image_key)] if command.image_key else [])
    uploaded = (journal.media_ids.get(image.key) or _upload(image, media, x, journal) for image in images[:MAX_IMAGES])
    return [media_id for media_id in uploaded if media_id]


def _upload(image: ReplyImage, media: MediaStore, x: X, journal: Journal) -> str | None:
    try:
        media_id = x.upload_image(_checked(media.get(image.key)), image.alt_text)
    except KeyError:
        logger.warning("picture %s of the reply is not in the media store any more", image.key)
    except UnusableImage as error:
        logger.warning("picture %s of the reply: %s", image.key, error)
    except XRefused as refusal:
        # Any other reason (keys, credits, cap) stops the whole reply.
        if refusal.reason != Reason.INVALID:
            raise
        logger.warning("X refused picture %s of the reply: %s", image.key, refusal)
    else:
        journal.note_upload(image.key, media_id)
        return media_id
    return None


def _checked(data: bytes) -> bytes:
    # Responding keeps to the limit; a SEND_TWEET from elsewhere may not.
    if len(data) > MAX_IMAGE_BYTES:
        raise UnusableImage(f"it is larger than {MAX_IMAGE_BYTES:,} bytes")
    return data
