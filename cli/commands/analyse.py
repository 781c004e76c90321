"""`twbot analyse`: runs the local analysis on a text, an image or many lines, and names the models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.text import Text

from twbot.cli.errors import CliError, Exit
from twbot.cli.ui.console import as_json_line, err, out
from twbot.cli.ui.options import AsJson, Data
from twbot.cli.ui.pictures import SUFFIXES, complete_pictures, picture_path
from twbot.cli.ui.streams import lines_of_stdin
from twbot.lambdas.analysis.excerpt import excerpt
from twbot.lambdas.analysis.languages import LOCAL
from twbot.lambdas.errors import TwbotError

if TYPE_CHECKING:
    from twbot.local.models.comprehend import Comprehend

Found = dict[str, Any]


def analyse(
    what: Annotated[
        str,
        typer.Argument(
            help="A text, a picture's path, sample:NAME of one that comes with twbot, or - for lines of stdin.",
            autocompletion=complete_pictures,
        ),
    ],
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Say what the analysis makes of a text or a picture, and which model said so.

    Example: twbot analyse "Thank you, that was lovely!"

    Example: twbot analyse sample:coffee
    """
    if what == "-":
        _analyse_lines(lines_of_stdin(), json)
    elif _is_picture(what):
        _show(_of_picture(what, data), json)
    else:
        _show(_of_text(what), json)


def _is_picture(what: str) -> bool:
    """Return whether the argument is an existing file, or the path of a missing image rather than a text."""
    from twbot.local.simulator.sample_pictures import is_sample

    path = Path(what)
    if is_sample(what):
        return True
    named = path.suffix.lower() in SUFFIXES and not what.lower().startswith(("http://", "https://"))
    try:
        return path.is_file() or (named and (" " not in what or (path.parent.is_dir() and len(path.parts) > 1)))
    except (OSError, ValueError):  # a text may be too long for a path, or contain a null character
        return False


def _analyse_lines(lines: Iterable[str], json: bool) -> None:
    """Analyse each line. Empty lines are skipped, a failed line is reported, and the others go on.

    Raises CliError at the end if a line failed, or if there was none.
    """
    seen = failed = 0
    for line in _without_ends(lines):
        seen += 1
        try:
            _show(_of_text(line), json)
        except TwbotError as error:
            failed += 1
            _report(line, error, json)
    if not seen:
        _nothing_to_read()
    if failed:
        raise CliError(f"{failed} of {seen} lines could not be analysed.")


def _without_ends(lines: Iterable[str]) -> Iterator[str]:
    return (line.rstrip("\r\n") for line in lines if line.strip())


def _report(line: str, error: TwbotError, json: bool) -> None:
    if json:
        as_json_line({"input": line, "error": str(error)})
    else:
        err.print(Text(f"{line[:60]}: {error}", style="red"))


def _of_text(text: str) -> Found:
    """Analyse a text, cut as the bot cuts it. What is not read in its language is None, or empty."""
    if not text.strip():
        _nothing_to_read()
    comprehend, read = _comprehend(), {"Text": excerpt(text)}
    language = comprehend.detect_dominant_language(read)["Languages"][0]["LanguageCode"]
    unread = [detector for detector, read_here in LOCAL.items() if language not in read_here]
    found = _empty(text) | {"language": language, "unread": unread}
    from twbot.local.models import entities, sentiment
    from twbot.local.models import language as languages

    found["models"]["language"] = languages.NAME
    if "sentiment" not in unread:
        sentiments = comprehend.detect_sentiment({**read, "LanguageCode": language})
        found["sentiment"], found["scores"] = sentiments["Sentiment"], sentiments["SentimentScore"]
        found["models"]["sentiment"] = sentiment.NAME
    if "entities" not in unread:
        detected = comprehend.detect_entities({**read, "LanguageCode": language})["Entities"]
        found["entities"] = [{"text": each["Text"], "type": each["Type"]} for each in detected]
        found["models"]["entities"] = entities.NAME
    return found


def _comprehend() -> Comprehend:
    from twbot.local.models.comprehend import Comprehend

    return Comprehend()


def _of_picture(what: str, data: Path | None) -> Found:
    image = {"Image": {"Bytes": _read(what)}}
    from twbot.local.data_folder import DataFolder, data_folder
    from twbot.local.models.folder_people import gallery_of
    from twbot.local.models.rekognition import Rekognition

    rekognition = Rekognition(gallery_of(DataFolder(data_folder(data)).gallery), _no_store)
    faces = rekognition.recognize_celebrities(image)
    lines = [each for each in rekognition.detect_text(image)["TextDetections"] if each["Type"] == "LINE"]
    return _empty(what) | {
        "celebrities": [face["Name"] for face in faces["CelebrityFaces"]],
        "strangers": len(faces["UnrecognizedFaces"]),
        "labels": [label["Name"] for label in rekognition.detect_labels(image)["Labels"]],
        "detected_text": [line["DetectedText"] for line in lines if line["DetectedText"]],
        "unread_lines": sum(not line["DetectedText"] for line in lines),
        "models": dict(getattr(rekognition, "MODELS", {})),
    }


def _read(what: str) -> bytes:
    path = picture_path(what)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CliError(f"{what} can't be read: {error.strerror}.") from None
    if not content:
        raise CliError(f"{what} is empty.")
    return content


def _no_store(key: str) -> bytes:
    raise KeyError(key)


def _empty(what: str) -> Found:
    nothing: Found = {"sentiment": None, "scores": None, "language": None, "unread": [], "entities": []}
    return {"input": what, **nothing, "celebrities": [], "labels": [], "detected_text": [], "models": {}}


def _nothing_to_read() -> NoReturn:
    raise CliError("There is nothing to analyse.", hint='Try: twbot analyse "I love this"', code=Exit.USAGE)


def _show(found: Found, json: bool) -> None:
    if json:
        as_json_line(found)
        return
    out.print(Text(found["input"], style="bold"))
    for name, value in _rows(found):
        model = found["models"].get(name)
        out.print(Text.assemble(f"  {name:13} {value}", (f"  ({model})" if model else "", "dim")))


def _rows(found: Found) -> Iterator[tuple[str, str]]:
    if found["language"]:
        yield "language", found["language"]
        if found["sentiment"]:
            yield "sentiment", _sentiment(found)
        for detector in found["unread"]:
            yield detector, f"not read in this language, only in {', '.join(LOCAL[detector])}"
    named = [f"{each['text']} ({each['type'].lower()})" for each in found["entities"]]
    for name, values in {"entities": named, **{key: found[key] for key in ("celebrities", "labels")}}.items():
        if values:
            yield name, ", ".join(values)
    if found.get("strangers"):
        yield "strangers", str(found["strangers"])
    if found["detected_text"]:
        yield "detected_text", " / ".join(found["detected_text"])
    if found.get("unread_lines"):
        yield "unread_lines", f"{found['unread_lines']}: writing in letters that no model here knows"


def _sentiment(found: Found) -> str:
    return f"{found['sentiment']}  " + ", ".join(
        f"{kind.lower()} {score:.2f}" for kind, score in found["scores"].items()
    )
