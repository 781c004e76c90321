"""The bot's sentences about pictures: the text of the reply, and the alternative text of each picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from twbot.lambdas.contracts import AnalysedImage, ImageAnalysis
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.wording import listed, say, translated_problem
from twbot.lambdas.x.text import neutralise

# X's limit, in characters.
ALT_TEXT_LIMIT = 1000
# At most this many labels, and this many characters of a picture's text, in a reply.
MAX_LABELS = 3
MAX_TEXT_LENGTH = 80
FACE_LABELS = {"Person", "Human", "Face", "Head"}
NUMBERED = ("first-picture", "second-picture", "third-picture", "fourth-picture")


def reply_text(images: Sequence[AnalysedImage], language: str | None = None, *, quote: bool = True) -> str:
    """Return who is in the pictures, else what, and the problems of unusable ones. X links none but the bot's links.

    language: of whom it answers; quote: repeat what is written in the pictures
    """
    seen = [image.analysis for image in images if not image.problem]
    sentences = [_who_or_what(seen, language, quote)] if seen else []
    for numbered, image in zip(NUMBERED, images, strict=False):
        if image.problem:
            problem = translated_problem(image.problem, language)
            sentences.append(problem if len(images) == 1 else say(numbered, language, problem=problem))
    return neutralise(" ".join(sentences), bot_folder().links)


def alt_text(analysis: ImageAnalysis, language: str | None = None, *, quote: bool = True) -> str:
    """Return the alternative text of a picture: who is in it and what it shows, in at most 1,000 characters.

    language: of whom it answers; quote: repeat what is written in the picture
    """
    people = names([analysis])
    if others := len(analysis.unrecognized_faces):
        people.append(say("alt-other-faces" if people else "alt-faces", language, count=others))
    who = say("alt-people", language, people=listed(people, language)) if people else say("alt-nobody", language)
    parts = [who]
    if labels := _labels([analysis], 10):
        parts.append(say("alt-labels", language, labels=listed(labels, language, last="comma")))
    if quote and (lines := _lines([analysis])):
        parts.append(say("alt-writing", language, text=" / ".join(lines)))
    if quote and _has_unread_lines(analysis):
        parts.append(say("unread", language))
    text = neutralise(" ".join(parts), bot_folder().links)
    return text if len(text) <= ALT_TEXT_LIMIT else text[: ALT_TEXT_LIMIT - 1] + "…"


def names(seen: Iterable[ImageAnalysis]) -> list[str]:
    """Return the names of everybody recognised, without repetitions."""
    faces = (face for analysis in seen for face in analysis.celebrity_faces)
    return list(dict.fromkeys(str(face["Name"]) for face in faces if face.get("Name")))


def _who_or_what(seen: Sequence[ImageAnalysis], language: str | None, quote: bool) -> str:
    if named := names(seen):
        return say("names", language, names=listed(named, language))
    faces = sum(len(analysis.unrecognized_faces) for analysis in seen)
    sentences = [say("strangers", language, count=faces) if faces else say("nobody", language)]
    if labels := _labels(seen, MAX_LABELS):
        sentences.append(say("labels", language, labels=listed(labels, language)))
    if quote and (lines := _lines(seen)):
        text = " / ".join(lines)
        shown = text if len(text) <= MAX_TEXT_LENGTH else text[: MAX_TEXT_LENGTH - 1] + "…"
        sentences.append(say("writing", language, text=shown))
    if quote and any(map(_has_unread_lines, seen)):
        sentences.append(say("unread", language))
    return " ".join(sentences)


def _labels(seen: Sequence[ImageAnalysis], limit: int) -> list[str]:
    """Return labels in the order of their confidence, in lower case."""
    # Without what another label implies ("animal" beside "cat"), and without "person" where there are faces.
    found = [label for one in seen for label in one.labels if label.get("Name")]
    implied = {parent.get("Name") for label in found for parent in label.get("Parents", [])}
    implied |= FACE_LABELS if any(one.unrecognized_faces or one.celebrity_faces for one in seen) else set()
    specific = sorted(
        (label for label in found if label["Name"] not in implied), key=lambda label: -label.get("Confidence", 0)
    )
    return list(dict.fromkeys(str(label["Name"]).lower() for label in specific))[:limit]


def _has_unread_lines(analysis: ImageAnalysis) -> bool:
    """Return whether a line has no text: docs/decisions/0022-writing-that-is-not-read.md."""
    return any(each.get("Type") == "LINE" and not each.get("DetectedText") for each in analysis.text_detections)


def _lines(seen: Iterable[ImageAnalysis]) -> list[str]:
    found = (one for analysis in seen for one in analysis.text_detections if one.get("Type") == "LINE")
    return [" ".join(str(one["DetectedText"]).split()) for one in found if one.get("DetectedText")]
