"""The bot's sentences about pictures: the text of the reply, and the alternative text of each picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from twbot.lambdas.contracts import AnalysedImage, ImageAnalysis
from twbot.lambdas.x.text import neutralise

# X's limit, in characters.
ALT_TEXT_LIMIT = 1000
# At most this many labels, and this many characters of a picture's text, in a reply.
MAX_LABELS = 3
MAX_TEXT_LENGTH = 80
FACE_LABELS = {"Person", "Human", "Face", "Head"}
UNREAD = "There is writing that I can't read."
ORDINALS = ("The first", "The second", "The third", "The fourth")


def reply_text(images: Sequence[AnalysedImage], *, quote: bool = True) -> str:
    """Return who is in the pictures, else what, and the problems of unusable ones. X links nothing in it.

    quote: repeat what is written in the pictures
    """
    seen = [image.analysis for image in images if not image.problem]
    sentences = [_who_or_what(seen, quote)] if seen else []
    for ordinal, image in zip(ORDINALS, images, strict=False):
        if image.problem:
            sentences.append(image.problem if len(images) == 1 else f"{ordinal} picture: {image.problem}")
    return neutralise(" ".join(sentences))


def alt_text(analysis: ImageAnalysis, *, quote: bool = True) -> str:
    """Return the alternative text of a picture: who is in it and what it shows, in at most 1,000 characters.

    quote: repeat what is written in the picture
    """
    named, others = names([analysis]), len(analysis.unrecognized_faces)
    people = [listed(named)] if named else []
    if others:
        people.append(f"{others} {'other ' if named else ''}{'face' if others == 1 else 'faces'}")
    parts = [f"A picture of {' and '.join(people)}." if people else "A picture without faces."]
    if labels := _labels([analysis], 10):
        parts.append(f"It shows: {', '.join(labels)}.")
    if quote and (lines := _lines([analysis])):
        parts.append(f"It says: “{' / '.join(lines)}”.")
    if quote and _has_unread_lines(analysis):
        parts.append(UNREAD)
    text = neutralise(" ".join(parts))
    return text if len(text) <= ALT_TEXT_LIMIT else text[: ALT_TEXT_LIMIT - 1] + "…"


def names(seen: Iterable[ImageAnalysis]) -> list[str]:
    """Return the names of everybody recognised, without repetitions."""
    faces = (face for analysis in seen for face in analysis.celebrity_faces)
    return list(dict.fromkeys(str(face["Name"]) for face in faces if face.get("Name")))


def listed(words: Sequence[str]) -> str:
    """Join words as in: A, B and C."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _who_or_what(seen: Sequence[ImageAnalysis], quote: bool) -> str:
    if named := names(seen):
        return f"I can see {listed(named)}."
    faces = sum(len(analysis.unrecognized_faces) for analysis in seen)
    known = {0: "I can't see anybody famous.", 1: "I can see a face, but nobody famous."}
    sentences = [known.get(faces, f"I can see {faces} faces, but nobody famous.")]
    if labels := _labels(seen, MAX_LABELS):
        sentences.append(f"It looks like {listed(labels)}.")
    if quote and (lines := _lines(seen)):
        text = " / ".join(lines)
        sentences.append(f"It says “{text if len(text) <= MAX_TEXT_LENGTH else text[: MAX_TEXT_LENGTH - 1] + '…'}”.")
    if quote and any(map(_has_unread_lines, seen)):
        sentences.append(UNREAD)
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
