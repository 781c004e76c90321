"""The workflow that will be deployed, interpreted here with tasks that answer in the services' shapes."""

from __future__ import annotations

import errno
import json
import random
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.paths import ROOT
from twbot.lambdas.analysis.trim import trim
from twbot.lambdas.contracts import AnalysisFailed, MessageAnalysed, read
from twbot.lambdas.errors import MachineFault, Temporary
from twbot.local.bot import NAMES
from twbot.local.models.errors import ServiceError
from twbot.local.workflow import Machine, Visit
from twbot.stacks.functions import FUNCTIONS
from twbot.stacks.state_machine import tasks

DEFINITION = json.loads((ROOT / "lambdas/analysis/workflow.asl.json").read_text())
Task = Callable[[dict[str, Any]], dict[str, Any]]


class Services:
    """What the workflow calls. `broken`: by resource, the error that it raises from now on."""

    def __init__(self) -> None:
        self.published: list[dict[str, Any]] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.kept: list[dict[str, Any]] = []
        self.broken: dict[str, list[Exception]] = {}
        self.answers: dict[str, Task] = {
            "aws-sdk:comprehend:detectDominantLanguage": lambda _: {
                "Languages": [{"LanguageCode": "en", "Score": 0.9}]
            },
            "aws-sdk:comprehend:detectSentiment": lambda _: {
                "Sentiment": "POSITIVE",
                "SentimentScore": {"Positive": 0.9},
            },
            "aws-sdk:comprehend:detectEntities": lambda _: {"Entities": [{"Text": "Ada", "Type": "PERSON"}]},
            "aws-sdk:rekognition:detectLabels": lambda _: {"Labels": [{"Name": "Dog"}]},
            "aws-sdk:rekognition:detectText": lambda _: {"TextDetections": [{"DetectedText": "STOP", "Type": "LINE"}]},
            "aws-sdk:rekognition:recognizeCelebrities": lambda _: {
                "CelebrityFaces": [{"Name": "Ada"}],
                "UnrecognizedFaces": [],
            },
            "lambda:invoke": self._invoke,
            "sqs:sendMessage": self._keep,
            "events:putEvents": self._publish,
        }

    def tasks(self) -> dict[str, Task]:
        return {name: self._task(name) for name in self.answers}

    def _task(self, name: str) -> Task:
        def call(parameters: dict[str, Any]) -> dict[str, Any]:
            self.calls.append((name, parameters))
            if self.broken.get(name):
                errors = self.broken[name]
                raise errors.pop(0) if len(errors) > 1 else errors[0]
            return self.answers[name](parameters)

        return call

    @staticmethod
    def _invoke(parameters: dict[str, Any]) -> dict[str, Any]:
        if parameters["FunctionName"] == "trim":
            return {"Payload": trim(parameters["Payload"])}
        url = parameters["Payload"]["Url"]
        usable = "unusable" not in url
        return {
            "Payload": {"Key": f"key-of-{url}" if usable else None, "Problem": None if usable else "Not a picture."}
        }

    def _keep(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self.kept.append(parameters)
        return {"MessageId": "1"}

    def _publish(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self.published += parameters["Entries"]
        return {"FailedEntryCount": 0}


def message(text: str = "hi", *images: str, **more: Any) -> dict[str, Any]:
    detail = {"Text": text, "Author": "ada", "Summoned": True, "Twitter": {"TweetId": "7", "UserId": "8"}}
    return {"id": "e", "detail": detail | ({"ImageUrls": list(images)} if images else {}), **more}


def analyse(
    services: Services, event: dict[str, Any], observe: Callable[[Visit], None] | None = None
) -> dict[str, Any]:
    machine = Machine(DEFINITION, services.tasks(), NAMES, sleep=lambda _: None, rng=random.Random(1))
    machine.run(event, observe)
    (entry,) = services.published
    assert (entry["Source"], entry["EventBusName"]) == ("BOT", "Plumbing")
    found: dict[str, Any] = entry
    return found


def broken(*names: str, error: Exception | None = None) -> Services:
    services = Services()
    services.broken = {name: [error or ServiceError("Some.Error", "it broke")] for name in names}
    return services


def test_a_text_becomes_a_message_analysed() -> None:
    """A text without images: its sentiment, scores, entities and language, in a record that keeps the contract."""
    entry = analyse(Services(), message())
    assert entry["DetailType"] == "MESSAGE_ANALYSED"
    found = read(entry["Detail"], MessageAnalysed)
    assert (found.author, found.twitter.tweet_id, found.summoned, found.replay_name) == ("ada", "7", True, None)
    assert found.analysis.text_sentiment == "POSITIVE"
    assert found.analysis.text_entities == [{"Text": "Ada", "Type": "PERSON"}]
    assert (found.analysis.language, found.analysis.images) == ("en", [])


def test_images_are_analysed_in_order() -> None:
    """Each image comes with its key and what was found in it, in the order of the post; an unusable one says why."""
    found = read(analyse(Services(), message("hi", "a", "unusable", "b"))["Detail"], MessageAnalysed)
    assert [image.key for image in found.analysis.images] == ["key-of-a", None, "key-of-b"]
    assert [image.problem for image in found.analysis.images] == [None, "Not a picture.", None]
    assert found.analysis.images[2].analysis.celebrity_faces == [{"Name": "Ada"}]
    assert found.analysis.images[2].analysis.labels == [{"Name": "Dog"}]


def test_tasks_get_what_the_services_take() -> None:
    """The parameters are the services' own, with the stack's names filled in."""
    services = Services()
    analyse(services, message("hi", "a"))
    assert ("aws-sdk:comprehend:detectSentiment", {"Text": "hi", "LanguageCode": "en"}) in services.calls
    image = {"Image": {"S3Object": {"Bucket": "media", "Name": "key-of-a"}}}
    assert ("aws-sdk:rekognition:detectText", image) in services.calls
    payload = {"Url": "a", "TweetId": "7"}
    assert ("lambda:invoke", {"FunctionName": "download", "Payload": payload}) in services.calls


@pytest.mark.parametrize(
    ("name", "field", "left"),
    [
        ("aws-sdk:comprehend:detectSentiment", "text_sentiment", None),
        ("aws-sdk:comprehend:detectEntities", "text_entities", []),
    ],
)
def test_a_failing_text_detector_costs_its_own_field(name: str, field: str, left: object) -> None:
    """Without sentiment there are entities, and the other way round."""
    found = read(analyse(broken(name), message())["Detail"], MessageAnalysed)
    assert getattr(found.analysis, field) == left
    assert (found.analysis.text_sentiment == "POSITIVE") is (field != "text_sentiment")


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("aws-sdk:rekognition:detectLabels", "Labels"),
        ("aws-sdk:rekognition:detectText", "TextDetections"),
        ("aws-sdk:rekognition:recognizeCelebrities", "CelebrityFaces"),
    ],
)
def test_a_failing_image_detector_costs_its_own_field(name: str, lost: str) -> None:
    """Without labels there are text and faces, and so on; the message is still analysed."""
    (image,) = analyse(broken(name), message("hi", "a"))["Detail"]["Analysis"]["Images"]
    found = {field for field, value in image["Analysis"].items() if value}
    assert found == {"Labels", "TextDetections", "CelebrityFaces"} - {lost}


def test_a_failing_language_detector_means_english() -> None:
    """When the language can't be told, English is tried."""
    entry = analyse(broken("aws-sdk:comprehend:detectDominantLanguage"), message())
    assert entry["Detail"]["Analysis"]["Language"] == "en"
    assert entry["Detail"]["Analysis"]["TextSentiment"] == "POSITIVE"


def test_a_language_from_x_is_used() -> None:
    """Where X said the language, nobody else is asked; one that Comprehend does not read has no sentiment."""
    event = message()
    event["detail"]["Language"] = "fi"
    services = Services()
    entry = analyse(services, event)
    assert entry["Detail"]["Analysis"] | {"Images": []} == {
        "TextSentiment": None,
        "SentimentScore": None,
        "Language": "fi",
        "Images": [],
    }
    assert [name for name, _ in services.calls] == ["lambda:invoke", "events:putEvents"]


def test_what_can_not_be_analysed_at_all_is_visible() -> None:
    """When every detector fails, ANALYSIS_FAILED has the message and the reason."""
    services = broken(*(name for name in Services().answers if name.startswith("aws-sdk")))
    entry = analyse(services, message("hi", "a"))
    assert entry["DetailType"] == "ANALYSIS_FAILED"
    found = read(entry["Detail"], AnalysisFailed)
    assert found.error == "NothingFound"
    assert found.message["Twitter"] == {"TweetId": "7", "UserId": "8"}


def test_a_failed_download_leaves_the_text() -> None:
    """An image that can't be fetched is there with its problem, and the text is analysed."""
    found = read(analyse(broken("lambda:invoke"), message("hi", "a"))["Detail"], MessageAnalysed)
    assert found.analysis.text_sentiment == "POSITIVE"
    assert [(image.key, image.problem) for image in found.analysis.images] == [(None, "It could not be fetched.")]


@pytest.mark.parametrize("images", [(), ("a",)])
def test_a_replays_mark_is_carried_on(images: tuple[str, ...]) -> None:
    """What a replayed event causes says so, also when it fails."""
    event = message("hi", *images, **{"replay-name": "again"})
    assert analyse(Services(), event)["Detail"]["ReplayName"] == "again"
    failing = broken(*(name for name in Services().answers if name.startswith("aws-sdk")))
    assert analyse(failing, event)["Detail"]["ReplayName"] == "again"


def test_a_passing_trouble_is_retried() -> None:
    """A throttled service, a Temporary of our own and a bus that is away for a moment cost a retry, nothing else."""
    services = Services()
    services.broken = {}
    tried: dict[str, int] = {}

    def once(name: str, error: Exception) -> None:
        works = services.answers[name]

        def answer(parameters: dict[str, Any]) -> dict[str, Any]:
            trims = parameters.get("FunctionName") == "trim"
            tried[name] = tried.get(name, 0) + (not trims)
            if tried[name] == 1 and not trims:
                raise error
            return works(parameters)

        services.answers[name] = answer

    once("aws-sdk:comprehend:detectSentiment", ServiceError("Comprehend.TooManyRequestsException", "slower"))
    once("lambda:invoke", Temporary("X is away"))
    once("events:putEvents", ServiceError("EventBridge.Down", "no bus"))
    visits: list[Visit] = []
    found = read(analyse(services, message("hi", "a"), visits.append)["Detail"], MessageAnalysed)
    assert found.analysis.text_sentiment == "POSITIVE"
    assert [image.problem for image in found.analysis.images] == [None]
    retried = {visit.path: visit.error for visit in visits if visit.attempts == 2}
    assert retried == {
        "Analyse[0].ReadText[0].DetectSentiment": "Comprehend.TooManyRequestsException",
        "Analyse[1].EachImage[0].FetchImage": "Temporary",
        "ReportAnalysis": "EventBridge.Down",
    }


def test_what_a_bus_does_not_take_is_kept() -> None:
    """When the result can't be published, the whole event goes to the last resort, with the reason."""
    services = broken("events:putEvents", error=ServiceError("EventBridge.Down", "no bus"))
    machine = Machine(DEFINITION, services.tasks(), NAMES, sleep=lambda _: None)
    event = message(**{"replay-name": "again"})
    machine.run(event)
    (kept,) = services.kept
    assert kept["MessageBody"] == event
    assert kept["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"] == "EventBridge.Down: no bus"


FAULTS: list[Exception] = [
    OSError(errno.EMFILE, "Too many open files"),
    OSError(errno.ENOSPC, "No space left on device"),
    PermissionError(errno.EACCES, "Permission denied"),
    MemoryError(),
    ImportError("libcublas.so: cannot open shared object file: Too many open files"),
    RuntimeError("can't start new thread"),
    RuntimeError("std::bad_alloc"),
    sqlite3.OperationalError("unable to open database file"),
    sqlite3.OperationalError("database or disk is full"),
    MachineFault("The model could not be loaded."),
]


@pytest.mark.parametrize("hidden", [False, True], ids=["raised", "hidden"])
@pytest.mark.parametrize("fault", FAULTS, ids=repr)
@pytest.mark.parametrize("name", [name for name in Services().answers if name != "sqs:sendMessage"])
def test_a_fault_of_this_machine_is_not_the_messages(name: str, fault: Exception, hidden: bool) -> None:
    """Whatever step it happens in, and whatever exception covers it: nothing is published, and the bus tries again."""
    services = Services()

    def fail(_: dict[str, Any]) -> dict[str, Any]:
        try:
            raise fault
        except Exception:
            if hidden:
                raise ServiceError("Comprehend.InternalServerException", "something broke") from None
            raise

    services.answers[name] = fail
    machine = Machine(DEFINITION, services.tasks(), NAMES, sleep=lambda _: None)
    with pytest.raises(Temporary):
        machine.run(message("hi", "a"))
    assert services.published == []


NOT_FAULTS = [
    ValueError("bad shape"),
    OSError("image file is truncated"),
    ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
    FileNotFoundError(errno.ENOENT, "No such file"),
    RuntimeError("the tensor has another shape"),
    ServiceError("Comprehend.InternalServerException", "no space left in this text"),
]


@pytest.mark.parametrize("error", NOT_FAULTS, ids=repr)
def test_other_errors_cost_their_field(error: Exception) -> None:
    """An error about the message, or of another machine, is no reason to analyse the message again."""
    found = read(
        analyse(broken("aws-sdk:comprehend:detectSentiment", error=error), message())["Detail"], MessageAnalysed
    )
    assert (found.analysis.text_sentiment, found.analysis.text_entities != []) == (None, True)


def limited(seconds: int) -> dict[str, Any]:
    """The workflow with this limit for each task."""
    definition: dict[str, Any] = json.loads(json.dumps(DEFINITION))
    for task in tasks(definition):
        task["TimeoutSeconds"] = seconds
    return definition


@pytest.mark.parametrize(
    "name", ["aws-sdk:comprehend:detectSentiment", "aws-sdk:rekognition:detectText", "lambda:invoke"]
)
def test_a_step_that_hangs_costs_its_field(name: str) -> None:
    """A detector or a download that never returns ends as States.Timeout; the message is analysed without it."""
    services, stuck = Services(), threading.Event()
    works = services.answers[name]

    def hang(parameters: dict[str, Any]) -> dict[str, Any]:
        if parameters.get("FunctionName") != "trim":
            stuck.wait(60)
        return works(parameters)

    services.answers[name] = hang
    visits: list[Visit] = []
    Machine(limited(1), services.tasks(), NAMES, sleep=lambda _: None).run(message("hi", "a"), visits.append)
    stuck.set()
    assert [entry["DetailType"] for entry in services.published] == ["MESSAGE_ANALYSED"]
    assert {visit.error for visit in visits if visit.error} == {"States.Timeout"}


def test_every_task_has_a_limit_of_time() -> None:
    """No step can hold a worker: each has TimeoutSeconds, a Lambda function's that of the function at most."""
    functions = {"${DownloadFunction}": "download", "${TrimFunction}": "trim"}
    for task in tasks(DEFINITION):
        assert 1 <= task["TimeoutSeconds"] <= 60
        if (name := functions.get(task["Parameters"].get("FunctionName", ""))) is not None:
            assert task["TimeoutSeconds"] == FUNCTIONS[name].timeout
    assert DEFINITION["TimeoutSeconds"] == 300  # Express' own limit, so that both types of workflow end alike
