"""Messages through the whole bot, with models and with analysers that answer at once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import urllib3

from tests.bench.figures import Figure, cpu_seconds, say
from tests.support.instant_models import Instant
from twbot.lambdas.ingress.signature import HEADER
from twbot.lambdas.responding.utterance import to_utterance
from twbot.lambdas.settings import Settings
from twbot.lambdas.x.webhooks_and_subscriptions import XManagement
from twbot.local.adapters.media import FileMedia
from twbot.local.adapters.models import Analysers, LocalModels
from twbot.local.data_folder import DataFolder
from twbot.local.system import System, beside_simulated_x

TEXTS = 500
ROUNDS = 3  # the fastest is told: what else runs on the machine only slows
SAMPLES = 20
SENDERS = 4
THINGS = ("the coffee", "my train", "this phone", "the weather", "your last joke", "the new library", "that film")
WORDS = (
    "I love {}, it made my day number {}!",
    "{} is terrible and I want my money back, ticket {}",
    "what do you think of {}, question {}?",
    "tell me a joke about {} please, number {}",
    "I saw {} in London on Monday, {} people were there",
)


def texts(count: int) -> list[str]:
    """All different, so that no cache answers for the models."""
    return [WORDS[n % len(WORDS)].format(THINGS[n % len(THINGS)], n) for n in range(count)]


def webhook_of(post: dict[str, Any], user_id: str) -> bytes:
    """A v1.1-shaped webhook, as X would send it for the post."""
    mention = {"screen_name": "twbot", "id_str": user_id, "indices": [0, 6]}
    tweet = {
        "id_str": post["id"],
        "text": post["text"],
        "lang": "en",
        "user": {"id_str": post["author_id"], "screen_name": post["author"]},
        "entities": {"user_mentions": [mention], "urls": []},
    }
    return msgspec.json.encode({"for_user_id": user_id, "tweet_create_events": [tweet]})


class Door:
    """Sends signed webhooks to a running bot. X has the posts, but keeps quiet about them."""

    def __init__(self, system: System) -> None:
        assert system.x is not None
        self._bot, self._url, self._x = system.bot, system.url, system.x.client
        self._keys = system.bot.secrets.keys()
        # Everybody posts once: to the same person X refuses the same stock sentence, and the bot asks X about each.
        self._people = itertools.count()
        self._x.limits({"POST /2/tweets": 10**6, "GET /2/users/:id/tweets": 10**6}, posts_a_day=10**6)
        _unsubscribe(XManagement(system.bot.secrets, base_url=system.x.url))

    def posts(self, texts: list[str]) -> list[dict[str, Any]]:
        return [self._x.post(f"user{next(self._people)}", f"@twbot {text}") for text in texts]

    def one(self, post: dict[str, Any]) -> float:
        """Seconds from a webhook to the reply, when nothing else is under way."""
        began = time.time()
        send(urllib3.PoolManager(retries=False), self._url, self._keys.api_secret, webhook_of(post, self._keys.user_id))
        if not self._bot.bus.drain(60, retries=True):
            raise SystemExit("the bot does not come to rest")
        reply = next(each for each in self._x.posts("twbot") if each["reply_to"] == post["id"])
        return float(reply["created_ms"]) / 1000 - began

    def burst(self, posts: list[dict[str, Any]]) -> float:
        """Seconds from the first webhook to the last reply."""
        bodies = [webhook_of(post, self._keys.user_id) for post in posts]
        arguments = (self._url, self._keys.api_secret, bodies)
        with multiprocessing.get_context("spawn").Pool(1) as another_process:
            began = another_process.apply(send_all, arguments)
        if not self._bot.bus.drain(300, retries=True):
            raise SystemExit("the bot does not come to rest")
        replies = {reply["reply_to"]: reply["created_ms"] for reply in self._x.posts("twbot")}
        return float(max(replies[post["id"]] for post in posts)) / 1000 - began


def send_all(url: str, secret: str, bodies: list[bytes]) -> float:
    """Deliver these webhooks as fast as they are taken; when the first one left, epoch seconds."""
    http = urllib3.PoolManager(maxsize=SENDERS, retries=False)

    began = time.time()
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(lambda body: send(http, url, secret, body), bodies))
    return began


def send(http: urllib3.PoolManager, url: str, secret: str, body: bytes) -> None:
    """Deliver a webhook, again until it is taken."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    headers = {HEADER: f"sha256={base64.b64encode(digest).decode()}"}
    while (status := http.request("POST", url, body=body, headers=headers).status) != 200:
        if status not in (429, 503):
            raise SystemExit(f"the webhook answered {status}")
        time.sleep(0.05)


def _unsubscribe(x: XManagement) -> None:
    for each in x.activity_subscriptions():
        x.unsubscribe_activity(each.subscription_id)
    for webhook in x.webhooks():
        for user in x.account_subscriptions(webhook.id):
            x.unsubscribe_account(webhook.id, user)


def models_alone(models: Analysers, posts: list[dict[str, Any]], threads: int) -> float:
    """Seconds for what the workflow and the chatbot ask of the models, and nothing around it."""
    tasks = models.tasks()

    def understand(post: dict[str, Any]) -> None:
        asked = {"Text": post["text"], "LanguageCode": "en"}
        tasks["aws-sdk:comprehend:detectSentiment"](asked)
        tasks["aws-sdk:comprehend:detectEntities"](asked)
        models.chatbot.recognize_text(text=to_utterance(post["text"]) or "hello", session_id="bench", language="en")

    began = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(understand, posts))
    return time.monotonic() - began


def with_bot(
    analysers: Callable[[FileMedia, Path], Analysers], measure: Callable[[System, Door], Iterator[Figure]]
) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="twbot-bench-") as folder:
        home = DataFolder(Path(folder))
        began = time.monotonic()
        with beside_simulated_x(home, Settings(), on_progress=lambda _: None, analysers=analysers) as system:
            up, door = time.monotonic() - began, Door(system)
            if analysers is LocalModels:
                yield say(Figure("memory of the bot at rest", memory()))
            seconds = up + door.burst(door.posts(texts(1)))
            if analysers is LocalModels:
                yield say(Figure("and of the process that posts its replies", memory(system.bot.egress.pid)))
            what = "models not loaded" if analysers is LocalModels else "instant analysers"
            yield say(Figure(f"start to first answer, {what}", f"{seconds:.1f} s"))
            yield from measure(system, door)


def measure_models(system: System, door: Door) -> Iterator[Figure]:
    system.bot.analysers.warm()
    yield say(Figure("memory of the bot, every model loaded", memory()))
    one = sorted(door.burst([post]) for post in door.posts(texts(TEXTS + SAMPLES)[TEXTS:]))
    yield say(
        Figure(
            "one text, webhook to reply, warm",
            f"median {statistics.median(one) * 1000:.0f} ms, worst {one[-1] * 1000:.0f} ms",
        )
    )
    posts = door.posts(texts(TEXTS))
    # Never the same text twice: what is remembered of it would make the models look faster than they are.
    others = {threads: [{"text": f"@twbot {text}, {threads} say"} for text in texts(TEXTS)] for threads in (1, 2, 4)}
    used = {0: used_by(system)}
    alone: dict[int, float] = {}
    for threads, asked in others.items():
        alone[threads] = models_alone(system.bot.analysers, asked, threads)
        used[threads] = used_by(system)
    threads, fastest = min(alone.items(), key=lambda each: each[1])
    whole = door.burst(posts)
    cpu = (used_by(system) - used[4]) / ((used[4] - used[0]) / len(others))
    yield say(
        Figure(
            f"{TEXTS} texts through the models alone", f"{fastest:.2f} s ({threads} threads, the fastest of 1, 2, 4)"
        )
    )
    yield say(Figure(f"{TEXTS} texts through the whole bot", f"{whole:.2f} s"))
    yield say(Figure("the whole bot / the models alone", f"{whole / fastest:.2f}", "below 1.4"))
    yield say(Figure("the same in CPU of the bot's processes", f"{cpu:.2f}"))
    yield say(
        Figure("memory of the bot at its peak", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    )


def measure_pipeline(system: System, door: Door) -> Iterator[Figure]:
    door.burst(door.posts(texts(50)))
    # Never the same text twice: X refuses replies that repeat one.
    every = texts(50 + TEXTS * ROUNDS)[50:]
    rounds = [_round(system, door, every[number::ROUNDS]) for number in range(ROUNDS)]
    rate, own, of_replies = max(rounds)
    yield say(Figure("the pipeline, instant analysers", f"{rate:.0f} messages a second", "300"))
    yield say(Figure("the bot's own CPU for a message", f"{own:.1f} ms, in its process", "below 3 ms"))
    yield say(Figure("and of the process that posts its replies", f"{of_replies:.1f} ms"))


def _round(system: System, door: Door, said: list[str]) -> tuple[float, float, float]:
    """Messages a second, and milliseconds of CPU for each: of the bot's process, and of that of its replies."""
    posts, own, all_used = door.posts(said), time.process_time(), used_by(system)
    seconds = door.burst(posts)
    own, all_used = time.process_time() - own, used_by(system) - all_used
    return TEXTS / seconds, own / TEXTS * 1000, (all_used - own) / TEXTS * 1000


def used_by(system: System) -> float:
    """Seconds of CPU that the bot has used, with the process that posts its replies."""
    return time.process_time() + (0.0 if (pid := system.bot.egress.pid) is None else cpu_seconds(pid))


def memory(pid: int | None = None) -> str:
    """The resident memory of a process, by default this one; Linux only."""
    status = Path(f"/proc/{pid or 'self'}/status")
    if not status.exists():
        return "not known on this system"
    resident = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return f"{int(resident.split()[1]) / 1024:.0f} MB"


def figures() -> Iterator[Figure]:
    yield from with_bot(Instant, measure_pipeline)
    yield from with_bot(LocalModels, measure_models)
