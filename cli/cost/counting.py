"""Runs one recorded message through a stage's rules, workflow and handlers, and counts everything that they call."""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
import hmac
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig

from twbot.cli.cost.clients import KB, S3, CountedX, DynamoDb, Events, Json, LexRuntime, Sns, chunks
from twbot.cli.cost.execution import Workflow
from twbot.cli.cost.meter import Meter
from twbot.lambdas.alerting.alert import alert_for
from twbot.lambdas.alerting.delivery import Notifier
from twbot.lambdas.alerting.subscription import Subscription
from twbot.lambdas.alerting.webhooks import Webhooks
from twbot.lambdas.analysis.download import Downloader
from twbot.lambdas.analysis.people import MAX_FACES
from twbot.lambdas.analysis.trim import trim
from twbot.lambdas.analysis.workflow import placeholder
from twbot.lambdas.analytics.transform import transform
from twbot.lambdas.aws.alert_topic import AlertTopic
from twbot.lambdas.aws.attempts import DynamoAttempts
from twbot.lambdas.aws.deadline import note_deadline
from twbot.lambdas.aws.deduplication import Deduplication
from twbot.lambdas.aws.event_bus import EventBus
from twbot.lambdas.aws.lex import LexChatbot
from twbot.lambdas.aws.media import S3Media
from twbot.lambdas.aws.reply_store import DynamoReplies
from twbot.lambdas.contracts import Entry, Event, decode_event, new_event
from twbot.lambdas.egress.permission import Permission
from twbot.lambdas.egress.sender import Sender
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.folder.records import Intent, OwnRule
from twbot.lambdas.ingress.lookup import complete_post
from twbot.lambdas.ingress.webhook import receive
from twbot.lambdas.ports import Call, Keys
from twbot.lambdas.responding.fulfilment import fulfil
from twbot.lambdas.responding.image import answer_images
from twbot.lambdas.responding.text import answer_text
from twbot.lambdas.wiring import own_rule, rules
from twbot.local import simulator
from twbot.local.bus.patterns import CompiledPattern, compile_pattern
from twbot.stacks.config import StageConfig
from twbot.stacks.functions import functions as all_functions
from twbot.stacks.functions import step_function
from twbot.stacks.state_machine import workflow_of_stage

KEYS = Keys(api_key="k", api_secret="s", access_token="1111111111111111111-t", access_token_secret="t")  # noqa: S106
PICTURE = Path(simulator.__file__).with_name("pictures") / "celebrity.jpg"
# One request each to send (EventBridge), receive and delete (Lambda).
SQS_REQUESTS = 3
# The first run imports modules and fills caches, as a cold start does: it is left out of the averages.
WARM, MEASURED = 1, 3
# What a call of a function of the bot's folder is taken to last, in ms: as long as a request to somebody's API.
OWN_MS = 300.0


@functools.cache
def _patterns() -> list[tuple[str, CompiledPattern]]:
    return [(rule.target, compile_pattern(rule.pattern)) for rule in rules()]


class Recorded(msgspec.Struct, frozen=True):
    """Recorded messages and answers."""

    webhooks: dict[str, Json]
    """Webhook bodies of X Activity, by kind of message: text, image."""
    answers: dict[str, Json]
    """The AI services' responses, by the resource of the workflow's task."""
    sayings: Json
    """The response of a public service of jokes."""


@functools.cache
def recorded() -> Recorded:
    """Read recorded.json."""
    return msgspec.json.decode(Path(__file__).with_name("recorded.json").read_bytes(), type=Recorded)


def count_message(
    stage: StageConfig, kind: str, *, summoned: bool = True, definition: Json | None = None
) -> dict[str, float]:
    """Return what one message makes a stage do, by the names of Meter.counts, averaged over MEASURED runs.

    `kind`: text or image. `definition`: the workflow, if it is not the stage's own.
    """
    total: dict[str, float] = defaultdict(float)
    for run in range(WARM + MEASURED):
        system = System(stage, definition or workflow_of_stage(stage.aws.detectors), summoned=summoned)
        system.take_in(recorded().webhooks[kind])
        if run >= WARM:
            for name, count in system.meter.counts.items():
                total[name] += count / MEASURED
    return dict(total)


class System:
    """The stage's handlers with the adapters for AWS, on counting clients.

    `summoned`: whether the message mentions the bot.
    """

    def __init__(self, stage: StageConfig, definition: Json, *, summoned: bool) -> None:
        self.meter = meter = Meter()
        self._stage, self._summoned = stage, summoned
        self._waiting: deque[Event] = deque()
        table = DynamoDb(meter)
        self._bus = EventBus(Events(meter, self._published), "Plumbing", Deduplication(table, "published"))
        self._media, self._x = S3Media(S3(meter), "media"), CountedX(meter)
        self._chatbot = LexChatbot(LexRuntime(meter, _dearest(), self._fulfil), "bot", "alias")
        idempotency_store = DynamoDBPersistenceLayer(table_name="sent", boto3_client=table)
        config = IdempotencyConfig()
        config.register_lambda_context(_Context())  # type: ignore[arg-type]
        deliveries = DynamoDBPersistenceLayer(table_name="told", boto3_client=table)
        self._alerts: Notifier[AlertTopic] = Notifier(
            "topic", lambda topic, alert: topic.publish(alert), deliveries, config
        )
        self._chats: Notifier[Subscription] = Notifier("chats", Webhooks().send, deliveries, config)
        self._topic = AlertTopic(Sns(meter), "alerts")
        permission = Permission(DynamoReplies(table, "replies"))
        attempts = DynamoAttempts(table, "sent")
        self._sender = Sender(self._x, self._media, self._bus, permission, attempts, idempotency_store, config)
        functions: dict[str, Callable[[Json], Json]] = {
            "download": self._download,
            "trim": self._trim,
            "people": self._name_people,
            **{placeholder(step): self._run_own(step_function(step)) for step in bot_folder().steps},
        }
        self._workflow = Workflow(definition, meter, recorded().answers, functions=functions, publish=self._published)
        self._by_target = self._targets()
        if unpriced := {rule.target for rule in rules()} - self._by_target.keys():
            raise NotImplementedError(f"Not priced: {', '.join(sorted(unpriced))}. Add them to _targets.")

    def take_in(self, webhook: Json) -> None:
        """Deliver one webhook and every event that follows from it."""
        note_deadline(_Context())
        body = msgspec.json.encode(webhook)
        signature = "sha256=" + base64.b64encode(hmac.digest(KEYS.api_secret.encode(), body, hashlib.sha256)).decode()
        self.meter.add("x.events")
        self.meter.add("apigateway.requests")
        self.meter.add("xray.traces")
        with self.meter.running("ingress"):
            answer = receive(body, signature, keys=KEYS, publisher=self._bus)
        assert answer.status == 200, answer
        while self._waiting:
            self._deliver(self._waiting.popleft())

    def _published(self, put: Json) -> None:
        detail = put["Detail"]
        detail = msgspec.json.decode(detail) if isinstance(detail, str) else detail
        # One recording serves both cases: the rules read `Summoned`, and nothing else depends on the mention.
        if put["DetailType"] == "MESSAGE_RECEIVED":
            detail = {**detail, "Summoned": self._summoned}
        entry = Entry(source=put["Source"], detail_type=put["DetailType"], detail=detail)
        self._waiting.append(new_event(entry, datetime.datetime.now(datetime.UTC)))

    def _deliver(self, event: Event) -> None:
        encoded = msgspec.json.encode(event)
        # Billed per 64 KB: https://aws.amazon.com/eventbridge/pricing/
        self.meter.add("eventbridge.events", chunks(len(encoded), 64 * KB))
        self.meter.add("event_bytes", len(encoded))
        self.meter.add(f"type:{event.detail_type}")
        for target in _matching(msgspec.json.decode(encoded)):
            self._by_target[target](event, encoded)

    def _targets(self) -> dict[str, Callable[[Event, bytes], None]]:
        """Return what delivering an event costs, by target (lambdas/wiring.py). It takes the event and its JSON."""
        return {
            "complete-function": self._complete,
            "event-log": lambda _, encoded: self.meter.add("log_bytes", len(encoded)),
            "workflow": lambda event, _: self._workflow.run(msgspec.to_builtins(event), self._stage.aws.workflow),
            "topic": self._alert,
            "notify-function": self._notify,
            "image-function": self._answer_images,
            "text-function": self._answer_text,
            "tweet-queue": self._send,
            "lake": lambda _, encoded: self._store(encoded),
            **{own_rule(each).target: self._own_target(each) for each in bot_folder().rules},
        }

    def _own_target(self, rule: OwnRule) -> Callable[[Event, bytes], None]:
        name = own_rule(rule).target

        def deliver(_: Event, __: bytes) -> None:
            if name in all_functions():  # what EventBridge delivers to an address on AWS costs nothing here
                self._run_own(name)({})

        return deliver

    def _run_own(self, function: str) -> Callable[[Json], Json]:
        """Return what counts a call of a function of the bot's folder, whose code is not run here."""

        def run(_: Json) -> Json:
            self.meter.add(f"invocations:{function}")
            self.meter.add(f"ms:{function}", OWN_MS)
            return {}

        return run

    def _name_people(self, request: Json) -> Json:
        faces = [*request["CelebrityFaces"], *request["UnrecognizedFaces"]][:MAX_FACES]
        with self.meter.running("people"):
            self.meter.add("s3.gets")
            for _ in faces:
                self.meter.add("rekognition.images", wait="rekognition")
        return {name: request[name] for name in ("CelebrityFaces", "UnrecognizedFaces")}

    def _complete(self, _: Event, encoded: bytes) -> None:
        with self.meter.running("complete"):
            complete_post(decode_event(encoded), x=self._x, publisher=self._bus)

    def _alert(self, _: Event, encoded: bytes) -> None:
        with self.meter.running("alert"):
            self._alerts.notify(alert_for(decode_event(encoded)), [self._topic], replay=None)

    def _notify(self, _: Event, encoded: bytes) -> None:
        with self.meter.running("notify"):
            self._chats.notify(alert_for(decode_event(encoded)), [], replay=None)

    def _answer_images(self, _: Event, encoded: bytes) -> None:
        settings = self._stage.settings
        with self.meter.running("image"):
            answer_images(
                decode_event(encoded),
                functions=_Saying(self.meter),
                media=self._media,
                publisher=self._bus,
                settings=settings,
            )

    def _answer_text(self, _: Event, encoded: bytes) -> None:
        settings = self._stage.settings
        with self.meter.running("text"):
            answer_text(
                decode_event(encoded),
                chatbot=self._chatbot,
                functions=_Saying(self.meter),
                publisher=self._bus,
                settings=settings,
            )

    def _send(self, _: Event, encoded: bytes) -> None:
        # Billed per 64 KB: https://aws.amazon.com/sqs/pricing/
        self.meter.add("sqs.requests", SQS_REQUESTS * chunks(len(encoded), 64 * KB))
        with self.meter.running("egress"):
            self._sender.handle(decode_event(encoded))

    def _store(self, encoded: bytes) -> None:
        record = {"recordId": "1", "data": base64.b64encode(encoded).decode()}
        with self.meter.running("transform"):
            (transformed,) = transform({"records": [record]})["records"]
        self.meter.add("records")
        # Each record is billed in steps of 5 KB: https://aws.amazon.com/kinesis/data-firehose/pricing/
        self.meter.add("record_bytes", chunks(len(encoded), 5 * KB) * 5 * KB)
        self.meter.add("lake_bytes", len(base64.b64decode(transformed["data"])))

    def _download(self, request: Json) -> Json:
        with self.meter.running("download"):
            return dict(_RecordedDownloader(self._media, self.meter).fetch_image(request["Url"], request["TweetId"]))

    def _trim(self, request: Json) -> Json:
        with self.meter.running("trim"):
            return trim(request, highlight=self._stage.settings.highlight_labels)

    def _fulfil(self, event: Json) -> Json:
        with self.meter.running("fulfilment"):
            return fulfil(event, functions=_Saying(self.meter), folder=bot_folder())


def _dearest() -> Intent | None:
    """Return an intent whose answer costs most, so that the bill is not too low: one with a function, if there is."""
    intents = bot_folder().chatbot().intents
    return next((each for each in intents if each.run), None) or next(iter(intents), None)


class _Saying:
    """The functions of replies: each waits for as long as a public service takes."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def call(self, _: Call, event: Event) -> str:  # noqa: ARG002 - the port's signature
        self._meter.wait("saying")
        return str(recorded().sayings["joke"])


class _RecordedDownloader(Downloader):
    """Reads the image from a file instead of from X."""

    def __init__(self, media: S3Media, meter: Meter) -> None:
        super().__init__(media)
        self._meter = meter

    def _download(self, url: str) -> bytes:
        self._check_source(url)
        self._meter.wait("picture")
        return PICTURE.read_bytes()


class _Context:
    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


def _matching(event: dict[str, Any]) -> Iterator[str]:
    """Return the targets of the rules that take the event."""
    return (target for target, matches in _patterns() if matches(event))
