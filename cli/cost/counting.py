"""Runs one recorded message through a stage: its rules, workflow and handlers, with everything they call counted."""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
import hmac
import random
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig

from twbot.cli.cost.clients import KB, S3, CountedX, DynamoDb, Events, Json, LexRuntime, chunks
from twbot.cli.cost.execution import Workflow
from twbot.cli.cost.meter import Meter
from twbot.lambdas.alerting.alert import alert_for
from twbot.lambdas.analysis.download import Downloader
from twbot.lambdas.analytics.transform import transform
from twbot.lambdas.aws.deadline import note_deadline
from twbot.lambdas.aws.deduplication import Deduplication
from twbot.lambdas.aws.event_bus import EventBus
from twbot.lambdas.aws.lex import LexChatbot
from twbot.lambdas.aws.media import S3Media
from twbot.lambdas.aws.reply_store import DynamoReplies
from twbot.lambdas.contracts import Entry, Event, decode_event, new_event
from twbot.lambdas.egress.permission import Permission
from twbot.lambdas.egress.sender import Sender
from twbot.lambdas.ingress.webhook import receive
from twbot.lambdas.ports import Keys
from twbot.lambdas.responding.fulfilment import fulfil
from twbot.lambdas.responding.image import answer_images
from twbot.lambdas.responding.public_sayings import PublicSayings
from twbot.lambdas.responding.text import answer_text
from twbot.lambdas.wiring import RULES
from twbot.local import simulator
from twbot.local.bus.patterns import compile_pattern
from twbot.stacks.config import StageConfig
from twbot.stacks.state_machine import workflow

KEYS = Keys(api_key="k", api_secret="s", access_token="1111111111111111111-t", access_token_secret="t")  # noqa: S106
PICTURE = Path(simulator.__file__).with_name("pictures") / "celebrity.jpg"
# EventBridge sends, Lambda receives and deletes.
SQS_REQUESTS = 3
WARM, MEASURED = 1, 3
_PATTERNS = [(rule.target, compile_pattern(rule.pattern)) for rule in RULES]


class Recorded(msgspec.Struct, frozen=True):
    """Webhooks of X Activity, what the AI says of them, and what a public service of jokes answers."""

    webhooks: dict[str, Json]
    answers: dict[str, Json]
    sayings: Json


@functools.cache
def recorded() -> Recorded:
    return msgspec.json.decode(Path(__file__).with_name("recorded.json").read_bytes(), type=Recorded)


def count_message(
    stage: StageConfig, kind: str, *, summoned: bool = True, definition: Json | None = None
) -> dict[str, float]:
    """What one message makes a stage do, on average. `kind`: text or image."""
    total: dict[str, float] = defaultdict(float)
    for run in range(WARM + MEASURED):
        system = System(stage, definition or workflow(stage.aws.detectors), summoned=summoned)
        system.take_in(recorded().webhooks[kind])
        if run >= WARM:
            for name, how_many in system.meter.counts.items():
                total[name] += how_many / MEASURED
    return dict(total)


class System:
    """The handlers behind the rules, on AWS's adapters. `summoned`: whether the message mentions the bot."""

    def __init__(self, stage: StageConfig, definition: Json, *, summoned: bool) -> None:
        self.meter = meter = Meter()
        self._stage, self._summoned = stage, summoned
        self._waiting: deque[Event] = deque()
        table = DynamoDb(meter)
        self._bus = EventBus(Events(meter, self._published), "Plumbing", Deduplication(table, "published"))
        self._media, self._x = S3Media(S3(meter), "media"), CountedX(meter)
        self._chatbot = LexChatbot(LexRuntime(meter, self._fulfil), "bot", "alias", "en_US")
        dedup_key = DynamoDBPersistenceLayer(table_name="sent", boto3_client=table)
        config = IdempotencyConfig()
        config.register_lambda_context(_Context())  # type: ignore[arg-type]
        permission = Permission(DynamoReplies(table, "replies"))
        self._sender = Sender(self._x, self._media, self._bus, permission, dedup_key, config)
        self._workflow = Workflow(
            definition, meter, recorded().answers, download=self._download, publish=self._published
        )
        self._hand_over = self._targets()
        if unpriced := {rule.target for rule in RULES} - self._hand_over.keys():
            raise NotImplementedError(f"Not priced: {', '.join(sorted(unpriced))}. Add them to _targets.")

    def take_in(self, webhook: Json) -> None:
        """Deliver one webhook, and all that comes of it."""
        note_deadline(_Context())
        body = msgspec.json.encode(webhook)
        signature = "sha256=" + base64.b64encode(hmac.digest(KEYS.api_secret.encode(), body, hashlib.sha256)).decode()
        self.meter.add("x.events")
        self.meter.add("apigateway.requests")
        self.meter.add("xray.traces")
        with self.meter.running("ingress"):
            answer = receive(body, signature, keys=KEYS, x=self._x, publisher=self._bus)
        assert answer.status == 200, answer
        while self._waiting:
            self._deliver(self._waiting.popleft())

    def _published(self, put: Json) -> None:
        detail = put["Detail"]
        detail = msgspec.json.decode(detail) if isinstance(detail, str) else detail
        if put["DetailType"] == "MESSAGE_RECEIVED":
            detail = {**detail, "Summoned": self._summoned}
        entry = Entry(source=put["Source"], detail_type=put["DetailType"], detail=detail)
        self._waiting.append(new_event(entry, datetime.datetime.now(datetime.UTC)))

    def _deliver(self, event: Event) -> None:
        written = msgspec.json.encode(event)
        self.meter.add("eventbridge.events", chunks(len(written), 64 * KB))
        self.meter.add("event_bytes", len(written))
        self.meter.add(f"type:{event.detail_type}")
        for target in _matching(msgspec.json.decode(written)):
            self._hand_over[target](event, written)

    def _targets(self) -> dict[str, Callable[[Event, bytes], None]]:
        """By target (lambdas/wiring.py): what it costs to hand over an event, given as it is and as JSON."""
        return {
            "event-log": lambda _, written: self.meter.add("log_bytes", len(written)),
            "workflow": lambda event, _: self._workflow.run(msgspec.to_builtins(event), self._stage.aws.workflow),
            "topic": lambda *_: self.meter.add("sns.requests"),
            "notify-function": self._notify,
            "image-function": self._answer_images,
            "text-function": self._answer_text,
            "tweet-queue": self._send,
            "lake": lambda _, written: self._keep(written),
        }

    def _notify(self, _: Event, written: bytes) -> None:
        with self.meter.running("notify"):
            alert_for(decode_event(written))

    def _answer_images(self, _: Event, written: bytes) -> None:
        settings = self._stage.settings
        with self.meter.running("image"):
            answer_images(decode_event(written), media=self._media, publisher=self._bus, settings=settings)

    def _answer_text(self, _: Event, written: bytes) -> None:
        settings = self._stage.settings
        with self.meter.running("text"):
            answer_text(decode_event(written), chatbot=self._chatbot, publisher=self._bus, settings=settings)

    def _send(self, _: Event, written: bytes) -> None:
        self.meter.add("sqs.requests", SQS_REQUESTS * chunks(len(written), 64 * KB))
        with self.meter.running("egress"):
            self._sender.handle(decode_event(written))

    def _keep(self, written: bytes) -> None:
        """Firehose bills each record in steps of 5 KB, and calls the function with many at a time."""
        record = {"recordId": "1", "data": base64.b64encode(written).decode()}
        with self.meter.running("transform"):
            (kept,) = transform({"records": [record]})["records"]
        self.meter.add("records")
        self.meter.add("record_bytes", chunks(len(written), 5 * KB) * 5 * KB)
        self.meter.add("lake_bytes", len(base64.b64decode(kept["data"])))

    def _download(self, asked: Json) -> Json:
        with self.meter.running("download"):
            return dict(_Recorded(self._media, self.meter).fetch_image(asked["Url"], asked["TweetId"]))

    def _fulfil(self, event: Json) -> Json:
        with self.meter.running("fulfilment"):
            self.meter.wait("saying")
            said = msgspec.json.encode(recorded().sayings)
            return fulfil(event, public=PublicSayings(lambda _: said), rng=random.Random(1))  # noqa: S311


class _Recorded(Downloader):
    """Fetches nothing from X: the picture lies here."""

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
    """The targets of the rules that take the event."""
    return (target for target, matches in _PATTERNS if matches(event))
