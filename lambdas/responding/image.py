"""Answers MESSAGE_ANALYSED with pictures: returns each with names beside the faces, and a text about who is there.

Where a function of [answers] says something, that is the text; the pictures come back all the same.
"""

from __future__ import annotations

import logging

import msgspec

from twbot.lambdas.contracts import AnalysedImage, Event, MessageAnalysed, ReplyImage, read
from twbot.lambdas.errors import UnusableImage
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.folder.wording_file import shipped
from twbot.lambdas.ports import Functions, MediaStore, Publisher
from twbot.lambdas.replying import publish_reply
from twbot.lambdas.responding.annotate import annotate
from twbot.lambdas.responding.answering import first_words, spoken_in
from twbot.lambdas.responding.wording import alt_text, reply_text
from twbot.lambdas.settings import Settings
from twbot.lambdas.x.text import address, neutralise

# X accepts four pictures in a post.
MAX_IMAGES = 4
logger = logging.getLogger(__name__)


def answer_images(
    event: Event, *, functions: Functions, media: MediaStore, publisher: Publisher, settings: Settings
) -> None:
    """Answer a MESSAGE_ANALYSED {Text, Twitter, Analysis{Images[{Key, Analysis, Problem?}]}} with a SEND_TWEET."""
    message = read(event.detail, MessageAnalysed)
    if not (message.summoned and settings.replies):
        return
    # Keys follow from the post, so that a repetition overwrites its pictures rather than adding others.
    stem = f"replies/{message.twitter.tweet_id}"
    answers = [
        _answer(image, f"{stem}/{number}.jpg", media, settings)
        for number, image in enumerate(message.analysis.images[:MAX_IMAGES])
    ]
    quote, language, folder = settings.quote_pictures, spoken_in(message), bot_folder()
    images = [
        ReplyImage(key=key, alt_text=alt_text(image.analysis, language, quote=quote)) for image, key in answers if key
    ]
    if said := first_words(folder.answers.images, event, functions, folder):
        logger.info("answered by %s", said.by, extra={"by": said.by})
        text = neutralise(said.words, folder.links)
    else:
        text = reply_text([image for image, _ in answers], language, quote=quote)
        text = text if images else address(text, message)
    publish_reply(text, message, event, publisher, images=images)


def _answer(image: AnalysedImage, key: str, media: MediaStore, settings: Settings) -> tuple[AnalysedImage, str | None]:
    """Store the annotated picture under the key. Return the image and its key, or its problem and None."""
    if image.problem:
        return image, None
    try:
        original = _original(image, media)
        drawn = annotate(
            original, image.analysis, blur_strangers=settings.blur_strangers, highlight=settings.highlight_labels
        )
    except UnusableImage as error:
        logger.warning("picture %s can't be annotated: %s", image.key, error)
        return msgspec.structs.replace(image, problem=str(error)), None
    media.put(key, drawn, "image/jpeg")
    return image, key


def _original(image: AnalysedImage, media: MediaStore) -> bytes:
    try:
        return media.get(image.key or "")
    except KeyError:
        raise UnusableImage(shipped("en")["problem-gone"]) from None
