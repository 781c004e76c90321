"""What `make bench` measures, all in one run on this machine; ratios are what counts.

- one text from webhook to reply, warm
- 500 texts from the first webhook to the last reply, against the same texts through the models alone
- the same with instant analysers: what the pipeline itself can do
- `twbot --help` against `python -c pass`
- peak memory
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import multiprocessing
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import urllib3

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
        self._x.limits({"POST /2/tweets": 10**6}, posts_a_day=10**6)
        _unsubscribe(XManagement(system.bot.secrets, base_url=system.x.url))

    def posts(self, texts: list[str]) -> list[dict[str, Any]]:
        return [self._x.post(f"user{n % 100}", f"@twbot {text}") for n, text in enumerate(texts)]

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

    def send(body: bytes) -> None:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
        headers = {HEADER: f"sha256={base64.b64encode(digest).decode()}"}
        while (status := http.request("POST", url, body=body, headers=headers).status) != 200:
            if status not in (429, 503):
                raise SystemExit(f"the webhook answered {status}")
            time.sleep(0.05)

    began = time.time()
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(send, bodies))
    return began


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
        models.chatbot.recognize_text(text=to_utterance(post["text"]) or "hello", session_id="bench")

    began = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(understand, posts))
    return time.monotonic() - began


def with_bot(analysers: Callable[[FileMedia, Path], Analysers], measure: Callable[[System, Door], None]) -> None:
    with tempfile.TemporaryDirectory(prefix="twbot-bench-") as folder:
        home = DataFolder(Path(folder))
        with beside_simulated_x(home, Settings(), on_progress=lambda _: None, analysers=analysers) as system:
            measure(system, Door(system))


def measure_models(system: System, door: Door) -> None:
    system.bot.analysers.warm()
    one = sorted(door.burst([post]) for post in door.posts(texts(TEXTS + SAMPLES)[TEXTS:]))
    say(
        "one text, webhook to reply, warm",
        f"median {statistics.median(one) * 1000:.0f} ms, worst {one[-1] * 1000:.0f} ms",
    )
    posts = door.posts(texts(TEXTS))
    # Never the same text twice: what is remembered of it would make the models look faster than they are.
    others = {threads: [{"text": f"@twbot {text}, {threads} say"} for text in texts(TEXTS)] for threads in (1, 2, 4)}
    alone = {threads: models_alone(system.bot.analysers, others[threads], threads) for threads in others}
    threads, fastest = min(alone.items(), key=lambda each: each[1])
    whole = door.burst(posts)
    say(f"{TEXTS} texts through the models alone", f"{fastest:.2f} s ({threads} threads, the fastest of 1, 2 and 4)")
    say(f"{TEXTS} texts through the whole bot", f"{whole:.2f} s")
    say("the whole bot / the models alone", f"{whole / fastest:.2f} (aim: below 1.25)")


def measure_pipeline(_: System, door: Door) -> None:
    door.burst(door.posts(texts(50)))
    seconds = door.burst(door.posts(texts(TEXTS)))
    say("the pipeline with instant analysers", f"{TEXTS / seconds:.0f} messages a second (aim: 300)")


def measure_start() -> None:
    def timed(*command: str) -> float:
        began = time.monotonic()
        subprocess.run([sys.executable, *command], check=True, capture_output=True)
        return time.monotonic() - began

    help_command = ("-c", "from twbot.cli.main import main; main()", "--help")
    pairs = [(timed(*help_command), timed("-c", "pass")) for _ in range(7)]
    ours, python = (statistics.median(each) for each in zip(*pairs, strict=True))
    say("twbot --help / python -c pass", f"{ours / python:.1f} ({ours * 1000:.0f} ms / {python * 1000:.0f} ms)")


def say(what: str, figure: str) -> None:
    sys.stdout.write(f"{what:<44} {figure}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    measure_start()
    with_bot(Instant, measure_pipeline)
    with_bot(LocalModels, measure_models)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say("peak memory of the bot, with every model", f"{peak:.0f} MB (aim: below 1,200)")
