"""Messages for the analysis workflow, and what it has to make of each, whichever interpreter runs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.support.workflow_recordings import SCORES, TRIM, Recording, Refusal
from twbot.stacks.config import Detectors

EVERYTHING = Detectors(entities=True)


DEFAULT = Detectors()


NOTHING = Detectors(sentiment=False, language=False, labels=False, texts=False, celebrities=False)


SENTIMENT, ENTITIES = "comprehend:DetectSentiment", "comprehend:DetectEntities"


LANGUAGE = "comprehend:DetectDominantLanguage"


LABELS, TEXTS, FACES = "rekognition:DetectLabels", "rekognition:DetectText", "rekognition:RecognizeCelebrities"


FETCH, PUT, KEEP = "lambda:Invoke", "events:PutEvents", "sqs:SendMessage"


# What stands at a place where there is nothing.
ABSENT = object()


THROTTLED = Refusal("TooManyRequestsException")


TEMPORARY, CROWDED = Refusal("Temporary"), Refusal("Lambda.TooManyRequestsException")


NOT_TAKEN = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}


SLOW = Refusal("ThrottlingException")


BUSY = Refusal("ProvisionedThroughputExceededException")


CALM = {"Sentiment": "NEUTRAL", "SentimentScore": SCORES}


class Case(NamedTuple):
    """`calls`: how often each operation is asked. `found`: places in the event's detail and what is there."""

    text: str
    calls: dict[str, int]
    found: dict[str, Any]
    pictures: tuple[str, ...] = ()
    language: str | None = "en"
    answers: Mapping[str, list[Any]] = MappingProxyType({})
    detectors: Detectors = EVERYTHING
    type: str = "MESSAGE_ANALYSED"
    replay: str | None = None


READ = {SENTIMENT: 1, ENTITIES: 1}


NEGATIVE = {"Analysis.TextSentiment": "NEGATIVE"}


def seen(pictures: int) -> dict[str, int]:
    return {FETCH: pictures, LABELS: pictures, TEXTS: pictures, FACES: pictures}


CASES = {
    "text": Case("Hate London", READ, {**NEGATIVE, "Analysis.Images": [], "Analysis.TextEntities.0.Text": "London"}),
    "text whose language X did not know": Case("Hi", {LANGUAGE: 1} | READ, {"Analysis.Language": "en"}, language=None),
    "text and a picture": Case(
        "Hi", READ | seen(1), {**NEGATIVE, "Analysis.Images.0.Key": "1/a.jpg"}, pictures=("a.jpg",)
    ),
    "text and three pictures": Case(
        "Hi",
        READ | seen(3),
        {f"Analysis.Images.{n}.Key": f"1/{name}.jpg" for n, name in enumerate("abc")},
        pictures=("a.jpg", "b.jpg", "c.jpg"),
    ),
    "a picture without text": Case(
        "", seen(1), {"Analysis.TextSentiment": None, "Analysis.Language": None}, pictures=("a.jpg",)
    ),
    "a language that nobody reads": Case("hei", {}, {"Analysis.Language": "fi"}, language="fi"),
    "a language found out that nobody reads": Case(
        "hei",
        {LANGUAGE: 1},
        {"Analysis.Language": "fi"},
        language=None,
        answers={LANGUAGE: [{"Languages": [{"LanguageCode": "fi", "Score": 0.9}]}]},
    ),
    "no language found": Case(
        "?", {LANGUAGE: 1} | READ, {"Analysis.Language": "en"}, language=None, answers={LANGUAGE: [{"Languages": []}]}
    ),
    "the detectors of a fresh stage": Case(
        "Hi", {SENTIMENT: 1} | seen(1), {"Analysis.TextEntities": ABSENT}, pictures=("a.jpg",), detectors=DEFAULT
    ),
    "all detectors off": Case(
        "Hi",
        {FETCH: 1},
        {"Analysis.TextSentiment": ABSENT, "Analysis.Images.0.Analysis": {}},
        pictures=("a.jpg",),
        detectors=NOTHING,
    ),
    "a replay": Case("Hi", READ, {"ReplayName": "monday"}, replay="monday"),
    "a text too long for one": Case(
        "Hi",
        READ,
        {"Analysis.TextSentiment": None, "Analysis.TextEntities.0.Text": "London"},
        answers={SENTIMENT: [Refusal("TextSizeLimitExceededException")]},
    ),
    "a language that the service does not read": Case(
        "Hi",
        READ,
        {"Analysis.TextSentiment": None, "Analysis.TextEntities": []},
        answers={name: [Refusal("UnsupportedLanguageException")] for name in (SENTIMENT, ENTITIES)},
    ),
    "a throttle, then an answer": Case(
        "Hi",
        {SENTIMENT: 3, ENTITIES: 1},
        {"Analysis.TextSentiment": "NEUTRAL"},
        answers={SENTIMENT: [THROTTLED, THROTTLED, CALM]},
    ),
    "a throttle without end": Case(
        "Hi", {SENTIMENT: 5, ENTITIES: 1}, {"Analysis.TextSentiment": None}, answers={SENTIMENT: [THROTTLED]}
    ),
    "a language that can't be asked for": Case(
        "Hi",
        {LANGUAGE: 5} | READ,
        {"Analysis.Language": "en"},
        language=None,
        answers={LANGUAGE: [Refusal("InternalServerException")]},
    ),
    "a busy detector of one picture": Case(
        "",
        seen(2) | {LABELS: 4},
        {"Analysis.Images.0.Analysis.Labels.0.Name": "Cat"},
        pictures=("a.jpg", "b.jpg"),
        answers={f"{LABELS} b.jpg": [BUSY, SLOW, {"Labels": []}]},
    ),
    "a detector that fails": Case(
        "",
        seen(1),
        {"Analysis.Images.0.Analysis.CelebrityFaces": []},
        pictures=("a.jpg",),
        answers={FACES: [Refusal("AccessDeniedException")]},
    ),
    "a picture that no detector reads": Case(
        "Hi",
        READ | seen(2),
        {"Analysis.Images.1.Problem": "It could not be analysed."},
        pictures=("a.jpg", "b.jpg"),
        answers={f"{name} b.jpg": [Refusal("InvalidImageFormatException")] for name in (LABELS, TEXTS, FACES)},
    ),
    "a picture that can't be used among others": Case(
        "Hi",
        READ | seen(2) | {FETCH: 3},
        {
            "Analysis.Images.1": {
                "Key": None,
                "Problem": "The picture is empty.",
                "Analysis": {"Labels": [], "TextDetections": [], "CelebrityFaces": [], "UnrecognizedFaces": []},
            }
        },
        pictures=("a.jpg", "b.jpg", "c.jpg"),
        answers={f"{FETCH} b.jpg": [{"Key": None, "Problem": "The picture is empty."}]},
    ),
    "a picture that is never fetched": Case(
        "Hi",
        READ | seen(1) | {FETCH: 6},
        {"Analysis.Images.0.Problem": "It could not be fetched."},
        pictures=("a.jpg", "b.jpg"),
        answers={f"{FETCH} a.jpg": [Refusal("Temporary")]},
    ),
    "a download that works at the third try": Case(
        "",
        seen(1) | {FETCH: 3},
        {"Analysis.Images.0.Key": "1/late.jpg"},
        pictures=("a.jpg",),
        answers={
            FETCH: [
                Refusal("Temporary"),
                Refusal("Lambda.TooManyRequestsException"),
                {"Key": "1/late.jpg", "Problem": None},
            ]
        },
    ),
    "a download that breaks": Case(
        "Hi",
        READ | {FETCH: 1},
        {"Analysis.Images.0.Problem": "It could not be fetched."},
        pictures=("a.jpg",),
        answers={FETCH: [Refusal("KeyError")]},
    ),
    "nothing could be analysed": Case(
        "Hi",
        READ,
        {"Error": "NothingFound", "Message.Text": "Hi"},
        type="ANALYSIS_FAILED",
        answers={name: [Refusal("InvalidRequestException")] for name in (SENTIMENT, ENTITIES)},
    ),
    "a text detector that is denied, and no other is on": Case(
        "Hi",
        {SENTIMENT: 5},
        {"Error": "NothingFound"},
        type="ANALYSIS_FAILED",
        answers={SENTIMENT: [Refusal("AccessDeniedException")]},
        detectors=DEFAULT,
    ),
    "a throttle that the service's model does not know": Case(
        "Hi", {SENTIMENT: 2} | {ENTITIES: 1}, {"Analysis.TextSentiment": "NEUTRAL"}, answers={SENTIMENT: [SLOW, CALM]}
    ),
    "pictures that the only detector does not read": Case(
        "Hi",
        READ | {FETCH: 1, LABELS: 1},
        {"Analysis.Images.0.Problem": "It could not be analysed.", **NEGATIVE},
        pictures=("a.jpg",),
        answers={LABELS: [Refusal("AccessDeniedException")]},
        detectors=Detectors(entities=True, texts=False, celebrities=False),
    ),
    "a picture without text that no detector reads": Case(
        "",
        seen(1),
        {"Error": "NothingFound"},
        pictures=("a.jpg",),
        type="ANALYSIS_FAILED",
        answers={name: [Refusal("AccessDeniedException")] for name in (LABELS, TEXTS, FACES)},
    ),
    "a text that nobody reads beside a second picture that somebody does": Case(
        "Hi",
        READ | seen(1) | {FETCH: 2},
        {"Analysis.TextSentiment": None, "Analysis.Images.0.Key": None, "Analysis.Images.1.Key": "1/b.jpg"},
        pictures=("a.jpg", "b.jpg"),
        answers={f"{FETCH} a.jpg": [{"Key": None, "Problem": "The picture is empty."}]}
        | {name: [Refusal("InvalidRequestException")] for name in (SENTIMENT, ENTITIES)},
    ),
    "a text that can't be trimmed": Case("Hi", READ | {TRIM: 1}, NEGATIVE, answers={TRIM: [Refusal("KeyError")]}),
    "an event taken at the second try": Case(
        "Hi", READ | {PUT: 2}, NEGATIVE, answers={PUT: [NOT_TAKEN, {"FailedEntryCount": 0, "Entries": []}]}
    ),
}


def message(case: Case) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "Text": case.text,
        "Author": "ada",
        "Summoned": True,
        "ImageUrls": [f"https://pbs.twimg.com/media/{name}" for name in case.pictures],
        "Twitter": {"TweetId": "1", "UserId": "2"},
    }
    detail |= {"Language": case.language} if case.language else {}
    event = {"id": "e1", "source": "BOT", "detail-type": "MESSAGE_RECEIVED", "detail": detail}
    return event | ({"replay-name": case.replay} if case.replay else {})


def at(detail: Any, place: str) -> Any:
    for step in place.split("."):
        detail = detail[int(step)] if isinstance(detail, list) else detail.get(step, ABSENT)
    return detail


def check(case: Case, recording: Recording) -> None:
    """What the bus was told is what the case says, after the calls that it says."""
    event = recording.events[-1]
    assert event["DetailType"] == case.type
    assert {place: at(event["Detail"], place) for place in case.found} == case.found
    asked = [operation for operation, _ in recording.calls if operation != TRIM or TRIM in case.calls]
    assert Counter(asked) == Counter({PUT: 1} | case.calls)
    assert set(asked[-asked.count(PUT) :]) == {PUT}
    for first, later in ((LANGUAGE, SENTIMENT), (LANGUAGE, ENTITIES), (FETCH, LABELS), (FETCH, FACES)):
        assert first not in asked or later not in asked or asked.index(first) < asked.index(later)
