"""The composition root of the local platform: the adapters behind the handlers, the handlers behind the rules."""

from __future__ import annotations

import contextlib
import datetime
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, NamedTuple, NoReturn

import msgspec

from twbot.lambdas.analysis.download import Downloader
from twbot.lambdas.analysis.trim import trim
from twbot.lambdas.analysis.workflow import placeholder, workflow
from twbot.lambdas.contracts import Entry, Event
from twbot.lambdas.errors import MachineFault
from twbot.lambdas.folder.folder import bot_folder, is_shipped, project
from twbot.lambdas.ingress.lookup import complete_post
from twbot.lambdas.ingress.webhook import challenge, receive_all
from twbot.lambdas.log_context import log_context
from twbot.lambdas.ports import Publisher
from twbot.lambdas.responding.image import answer_images
from twbot.lambdas.responding.text import answer_text
from twbot.lambdas.settings import Settings
from twbot.lambdas.wiring import own_rule, rules
from twbot.lambdas.x.api import XApi
from twbot.lambdas.x.http import X_URL
from twbot.lambdas.x.post_ids import tweet_of
from twbot.local import message_types
from twbot.local.adapters.alerts import Alerts
from twbot.local.adapters.attempts import LocalAttempts
from twbot.local.adapters.idempotency import SqlitePersistence
from twbot.local.adapters.media import FileMedia
from twbot.local.adapters.models import Analysers, LocalModels, Task
from twbot.local.adapters.replies import LocalReplies
from twbot.local.adapters.secrets import FileSecrets, OwnSecrets
from twbot.local.backup.manifest import refuse_half_restored
from twbot.local.bus.bus import Bus
from twbot.local.bus.lock import Lock
from twbot.local.bus.replays import Replays, ReplayStore
from twbot.local.bus.routes import RetryPolicy
from twbot.local.data_folder import MIN_FREE_BYTES, DataFolder, check_room, make_private
from twbot.local.database import Moved
from twbot.local.egress.messages import Setup
from twbot.local.egress.process import ReplyProcess
from twbot.local.functions.pool import LocalFunctions
from twbot.local.functions.rules import CONCURRENCY, handler_of, tasks_of
from twbot.local.housekeeping import Housekeeping, Limits
from twbot.local.lake.erasure import Erasure
from twbot.local.lake.lake import Lake
from twbot.local.private_files import check_code, keep_tail
from twbot.local.reserve import fill_reserve
from twbot.local.server.control import Operations, control_routes
from twbot.local.server.web import WebServer, web_app
from twbot.local.workflow import Machine, Visit

# The names of the workflow's resources on this machine.
NAMES = {
    "MediaBucket": "media",
    "DownloadFunction": "download",
    "TrimFunction": "trim",
    "EventBusName": "Plumbing",
    "DeadLetterQueueUrl": "dead-letters",
}
# Tasks that wait for nothing. What is published within a handler is written later.
PROMPT = ("lambda:invoke:trim", "events:putEvents", "sqs:sendMessage")
LAKE_EVENTS, LAKE_SECONDS = 1000, 1.0
LOG_EVENTS, LOG_SECONDS = 100, 0.1
SENDERS = 4  # replies that are posted side by side
LOOKUPS = 8  # each may wait some seconds for X
DRAIN_SECONDS = 8.0
# Tried for about six hours, as on AWS (lambdas/aws/reply_queue.py), and for as long as X asks to wait.
REPLIES = RetryPolicy(patient_attempts=1440, longest=30.0, patience=14 * 24 * 3600.0)
MAX_OUTPUT = 4_000_000  # bytes of up.log
_events = logging.getLogger("twbot.events")
_analysis = logging.getLogger("twbot.analysis")


class Handler(NamedTuple):
    """What handles the events of a rule on this machine."""

    handle: Callable[[Any], None]
    """Called with an Event; with `batch`, with a list of them."""
    concurrency: int = 1
    """How many events are handled side by side."""
    batch: int | None = None
    """How many events a list has at most."""
    linger: float = 0.0
    """Seconds that a list is gathered for."""
    retry: RetryPolicy | None = None
    """When a failed event is handled again; None: the bus's own policy."""


class Bot:
    """The whole bot on one data folder.

    `lock`: the folder's, where the caller holds it. `forwards`: whether rules with `to` send anything. Raises
    AlreadyRunning where another bot uses the folder, StorageError where its disk can't be used. `start` raises
    TwbotError where the port is taken.
    """

    def __init__(
        self,
        home: DataFolder,
        settings: Settings,
        *,
        analysers: Callable[[FileMedia, Path], Analysers] = LocalModels,
        x_url: str = X_URL,
        simulator: str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        lock: Lock | None = None,
        forwards: bool = True,
    ) -> None:
        check_room(make_private(home.folder))
        refuse_half_restored(home.folder)
        if not is_shipped():
            check_code(project())
        self.home, self.host = home, host
        with (
            contextlib.ExitStack() as opened
        ):  # a file that can't be opened leaves no other open, nor the folder locked
            self.bus = opened.enter_context(Bus(home.bus, rules(), lock=lock))
            self.alerts = opened.enter_context(contextlib.closing(Alerts(home)))
            self._sent = opened.enter_context(contextlib.closing(SqlitePersistence(home.sent)))
            self._attempts = opened.enter_context(contextlib.closing(LocalAttempts(home.attempts)))
            self._replies = opened.enter_context(contextlib.closing(LocalReplies(home.replies)))
            self._replies.switch()
            replays = opened.enter_context(contextlib.closing(ReplayStore(home.replays)))
            self.lake = Lake(home.lake)
            places = (self.lake.open(), self._sent.place, self._attempts.place, *self.alerts.places)
            self._place = self.bus.place.and_these(*places)
            opened.pop_all()
        self.secrets = FileSecrets(home.secrets)
        self.own_secrets = OwnSecrets(home.own_secrets)
        self.media = FileMedia(home.media)
        self.analysers = analysers(self.media, home.gallery)
        self._x = XApi(self.secrets, base_url=x_url)
        self.egress = ReplyProcess(home.folder, Setup(x_url, settings.made_with_ai), self.bus.lock, lanes=SENDERS)
        self._settings, self._forwards = settings, forwards
        self._replays = Replays(replays, home.bus, self.bus.republish)
        self.control_token = token_urlsafe(32)
        folder = bot_folder()
        self.functions = LocalFunctions(
            project().absolute(),
            publisher=self.bus,
            media=self.media,
            secrets=self.own_secrets.values,
            settings=settings.for_functions(),
            events=folder.events,
            links=folder.links,
        )
        self._machine = self._workflow(Downloader(self.media, simulator=simulator))
        self._web = WebServer(self._app(), host=host, port=port)
        self._housekeeping = Housekeeping(
            self.check_folder, {"lake": self.lake.compact, "reserve": self._keep_reserve}, self._deletions()
        )
        self._attach(self._handlers())

    def start(self) -> int:
        """Start the bot and return the port that the webhook listens on."""
        self.egress.start()
        message_types.prepare()
        # The handlers start before the webhook listens, with the deliveries that the last run left.
        self.bus.start()
        self._housekeeping.start()
        return self._web.start()

    def stop(self, drain: float = DRAIN_SECONDS) -> bool:
        """Stop, and return whether every delivery ended within `drain` seconds. The next start delivers the rest."""
        self._housekeeping.stop()
        # Close the sources of events before the bus drains: a webhook or a replay that goes on would refill it.
        self._web.stop()
        self._replays.stop()
        finished = self.bus.drain(drain)
        self.functions.close()
        self.bus.stop()
        self.egress.close()
        self._sent.close()
        self._attempts.close()
        self._replies.close()
        self.alerts.close()
        return finished

    def check_folder(self) -> None:
        """Raise Moved where the data folder or one of its files is gone, or is another one by now."""
        self._place.check()

    def _attach(self, handlers: dict[str, Handler]) -> None:
        """Attach to each rule the handler of its target. The bus does not start with a rule that has none."""
        for rule in rules():
            if (found := handlers.get(rule.target)) is not None:
                handle = found.handle if found.batch else _about_its_post(found.handle)
                self.bus.attach(
                    rule.name,
                    self._while_there(handle) if rule.reaches_people else handle,
                    concurrency=found.concurrency,
                    batch=found.batch,
                    linger=found.linger,
                    retry=found.retry,
                )

    def _while_there(self, handle: Callable[[Any], None]) -> Callable[[Any], None]:
        """Let deliveries wait while the data folder is gone: what people see of it could not be noted.

        What other handlers do is stored by the bus, which looks itself.
        """

        def call(what: Any) -> None:
            self.check_folder()
            handle(what)

        return call

    def _handlers(self) -> dict[str, Handler]:
        """Return the handlers by target (lambdas/wiring.py)."""
        bus, media, settings, chatbot = self.bus, self.media, self._settings, self.analysers.chatbot
        functions = self.functions
        return {
            "event-log": Handler(_log_events, batch=LOG_EVENTS, linger=LOG_SECONDS),
            "complete-function": Handler(
                lambda event: complete_post(event, x=self._x, publisher=bus), concurrency=LOOKUPS
            ),
            "workflow": Handler(self._analyse, concurrency=4),
            "topic": Handler(self.alerts.handle, concurrency=2),
            "notify-function": Handler(self.alerts.notify, concurrency=2),
            "image-function": Handler(
                lambda event: answer_images(event, functions=functions, media=media, publisher=bus, settings=settings),
                concurrency=2,
            ),
            "text-function": Handler(
                lambda event: answer_text(
                    event, chatbot=chatbot, functions=functions, publisher=bus, settings=settings
                ),
                concurrency=2,
            ),
            "tweet-queue": Handler(
                lambda event: bus.publish(self.egress.handle(event)), concurrency=SENDERS, retry=REPLIES
            ),
            "lake": Handler(self.lake.append, batch=LAKE_EVENTS, linger=LAKE_SECONDS),
            **{
                own_rule(rule).target: Handler(
                    handler_of(rule, self.functions, self.own_secrets.values, forwards=self._forwards),
                    concurrency=CONCURRENCY,
                )
                for rule in bot_folder().rules
            },
        }

    def _workflow(self, downloader: Downloader) -> Machine:
        steps = bot_folder().steps

        def download(parameters: dict[str, Any]) -> dict[str, Any]:
            payload = parameters["Payload"]
            return {"Payload": downloader.fetch_image(payload["Url"], payload["TweetId"])}

        def shorten(parameters: dict[str, Any]) -> dict[str, Any]:
            return {"Payload": trim(parameters["Payload"], highlight=self._settings.highlight_labels)}

        def put_events(parameters: dict[str, Any]) -> dict[str, Any]:
            entries = parameters["Entries"]
            # No failed entries: the bus stores all of them in one transaction or raises.
            # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
            self.bus.publish([_entry(each) for each in entries])
            return {"FailedEntryCount": 0, "Entries": []}

        tasks: dict[str, Task] = {
            **self.analysers.tasks(),
            "lambda:invoke:download": download,
            "lambda:invoke:trim": shorten,
            # The function of a step has the step's name, which begins with a capital: no name of ours does.
            **{f"lambda:invoke:{name}": _invoked(task) for name, task in tasks_of(steps, self.functions).items()},
            "events:putEvents": put_events,
            "sqs:sendMessage": _fail_delivery,
        }
        names = NAMES | {placeholder(step): step.name for step in steps}
        return Machine(workflow(steps), tasks, names, prompt=PROMPT)

    def _analyse(self, event: Event) -> None:
        visits: list[Visit] = []
        try:
            self._machine.run(msgspec.to_builtins(event), visits.append)
        finally:
            # Log the steps of failed executions, too: `twbot trace` shows them.
            _analysis.info("analysed", extra={"event": event.id, "steps": visits})

    def _app(self) -> Any:
        # Only the webhook can be refused: X delivers again later. https://docs.x.com/x-api/webhooks/introduction
        outside = _WhileThere(self.bus.outside(), self.check_folder)
        return web_app(
            receive=lambda calls: receive_all(calls, keys=self.secrets.keys(), publisher=outside),
            challenge=lambda token: challenge(token, self.secrets.keys()),
            health=self._health,
            control=control_routes(self._operations(), self.control_token),
        )

    def _operations(self) -> Operations:
        erasure = Erasure(self.home, self.bus, self.lake, live=True)
        return Operations(self.bus.redrive, self.bus.purge, self._replays.start, self._replays.cancel, erasure.forget)

    def _health(self) -> dict[str, Any]:
        try:
            self.check_folder()
        except Moved:
            # Without the path: whoever can reach the webhook can read this.
            return {"waiting": self.bus.waiting, "problem": "The data folder is gone or was replaced."}
        return {"waiting": self.bus.waiting}

    def _keep_reserve(self) -> None:
        fill_reserve(self.home.folder, keep_free=MIN_FREE_BYTES)
        keep_tail(self.home.output, longer_than=MAX_OUTPUT, tail=MAX_OUTPUT // 4)

    def _deletions(self) -> dict[str, Callable[[], object]]:
        def limits() -> Limits:
            return Limits(self._settings, datetime.datetime.now(datetime.UTC))

        def archive() -> None:
            if (before := limits().archive) is not None:
                self.bus.prune(before, limits().guards)

        def lists() -> None:
            if (before := limits().guards) is not None:
                self.alerts.prune(before)
                self._replays.kept.prune(before.timestamp())

        def pictures() -> None:
            before = limits().guards
            self.media.prune(replies_before=None if before is None else before.timestamp())

        def lake() -> None:
            if (before := limits().lake) is not None:
                self.lake.prune(before)

        return {
            "pictures": pictures,
            "what was sent": self._sent.prune,
            "attempts to post": self._attempts.prune,
            "who was told": self.alerts.prune_deliveries,
            "counts of replies": self._replies.prune,
            "archive": archive,
            "alerts and replays": lists,
            "old hours of the lake": lake,
        }


class _WhileThere:
    """A publisher that refuses while the data folder is not there: nothing is answered 200 into nothing."""

    def __init__(self, publisher: Publisher, check: Callable[[], None]) -> None:
        self._publisher, self._check = publisher, check

    def publish(self, entries: Sequence[Entry]) -> None:
        self._check()
        self._publisher.publish(entries)

    def fix(self, key: str, value: str) -> str:
        self._check()
        return self._publisher.fix(key, value)


def _invoked(function: Task) -> Task:
    return lambda parameters: {"Payload": function(parameters["Payload"])}


def _entry(put: dict[str, Any]) -> Entry:
    """Convert one of the workflow's PutEvents entries.

    It carries no deduplication key. The workflow may run twice for a message, and its consumers are idempotent.
    """
    return Entry(source=put["Source"], detail_type=put["DetailType"], detail=put["Detail"])


def _fail_delivery(message: dict[str, Any]) -> NoReturn:
    """Fail the delivery, as the workflow's last resort: the bus retries it, then keeps it as a dead letter."""
    raise MachineFault(message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"])


def _about_its_post(handler: Callable[[Event], None]) -> Callable[[Event], None]:
    def handle(event: Event) -> None:
        with log_context(tweet_of(event)):
            handler(event)

    return handle


def _log_events(events: list[Event]) -> None:
    for event in events:
        with log_context(tweet_of(event)):
            _events.info(event.detail_type, extra={"event": event.id, "source": event.source, "time": event.time})
