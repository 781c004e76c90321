"""The bot of a folder in this process, beside a simulated X, on a data folder that is gone afterwards."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from twbot.lambdas.contracts import DETAILS, RAW_TYPES
from twbot.lambdas.egress.permission import Switch
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.settings import load, settings_file
from twbot.lambdas.wiring import OWN, service_of
from twbot.local.adapters.models import LocalModels
from twbot.local.adapters.replies import LocalReplies
from twbot.local.adapters.secrets import OwnSecrets
from twbot.local.bus.history import History
from twbot.local.conversations.observer import Observer, observing
from twbot.local.data_folder import DataFolder
from twbot.local.server.log_writer import logging_to
from twbot.local.system import AnalysersOf, System, beside_simulated_x

SETTLE_SECONDS = 120.0  # until a post must be handled; the first one waits for the models
MANY = 1_000_000


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a post."""

    id: str
    """Of the post."""
    reply: str | None
    """What the bot replied; None for nothing."""
    images: int
    """Number of the reply's pictures."""
    intent: str | None
    by: str | None
    """What answered: a function, or the name of an intent."""
    alert: bool
    events: list[str]
    """Types of the events that it caused, each once, in their order."""
    failures: list[str] = []
    """Why functions of the bot failed, with their tracebacks."""
    problems: list[str] = []
    """What else was refused or given up on the way."""

    @property
    def own_events(self) -> list[str]:
        """Return the types that are the bot's own."""
        return [each for each in self.events if each not in DETAILS and each not in RAW_TYPES]


class Stage:
    """Posts on the simulated X, and what the bot makes of them."""

    def __init__(self, system: System, home: DataFolder, observer: Observer) -> None:
        assert system.x is not None
        self._system, self._home, self._observer, self._x = system, home, observer, system.x.client
        self._name = self._x.bot()
        # Hundreds of conversations are not a bot's day, and what is said in one is not said again in the next.
        self._x.limits({"POST /2/tweets": MANY}, posts_a_day=MANY, duplicates=True)

    def post(
        self,
        text: str,
        author: str = "alice",
        *,
        images: Sequence[Path] = (),
        followers: int = 0,
        verified: bool = False,
        language: str | None = None,
    ) -> str:
        """Post, mentioning the bot, and return the post's id."""
        mentioning = text if f"@{self._name}".lower() in text.lower() else f"@{self._name} {text}".strip()
        post = self._x.post(
            author, mentioning, images=images, followers=followers, verified=verified, language=language
        )
        return str(post["id"])

    def settle(self, seconds: float = SETTLE_SECONDS) -> None:
        """Wait until the bot has finished with all posts, or only waits to call functions again that failed.

        Raises TwbotError where that takes too long.
        """
        until = time.monotonic() + seconds
        bus = self._system.bot.bus
        # X's deliveries first: an idle bus means nothing while a post is still on its way to the webhook.
        while self._x.deliveries(state="pending") or not bus.drain(1.0, retries=True):
            if self._observer.has_failures and not self._x.deliveries(state="pending") and bus.drain(0.0):
                return
            if time.monotonic() > until:
                raise TwbotError(f"{bus.waiting} deliveries are still under way after {seconds:.0f} s.")

    def said(self, post: str) -> Said:
        """Return what became of a post, once all is settled."""
        with History(self._home.bus) as history:
            events = list(history.events(tweet_id=post))
            dead = [each for each in history.deliveries_of_tweet(post) if each.state == "dead"]
        own = [f"{each.rule}: {each.error}" for each in dead if service_of(each.rule) == OWN]
        sent = next((each.detail for each in events if each.detail_type == "TWEET_SENT"), None)
        asked = next((each.detail for each in events if each.detail_type == "SEND_TWEET"), {})
        refused = [each.detail["Explanation"] for each in events if "Explanation" in each.detail]
        seen = self._observer.of(post)
        types = [each.detail_type for each in events if each.detail_type not in RAW_TYPES] + seen.published
        return Said(
            id=post,
            reply=sent["Text"] if sent else None,
            images=len(asked.get("Images", [])) if sent else 0,
            intent=seen.intent,
            by=seen.by,
            alert=any(alert.tweet_id == post for alert in self._system.bot.alerts.newest(MANY)),
            events=list(dict.fromkeys(types)),
            failures=list(dict.fromkeys([*seen.failures, *own])),
            problems=list(
                dict.fromkeys([*refused, *(f"{e.rule}: {e.error}" for e in dead if service_of(e.rule) != OWN)])
            ),
        )

    def other_failures(self) -> list[str]:
        """Return why functions failed that were called with events about no post."""
        return list(dict.fromkeys(self._observer.of(None).failures))

    def unclaimed(self) -> list[str]:
        """Return the types of the events that were published by what is about no post."""
        return list(dict.fromkeys(self._observer.of(None).published))


@contextlib.contextmanager
def running_stage(
    secrets: Mapping[str, str] | None = None,
    *,
    on_progress: Callable[[str], None] = lambda _: None,
    analysers: AnalysersOf = LocalModels,
) -> Iterator[Stage]:
    """Run the bot of the current folder, with its settings of the stage `local` and with these secrets only."""
    settings = load(settings_file())
    with tempfile.TemporaryDirectory(prefix="twbot-test-", ignore_cleanup_errors=True) as folder:
        home = DataFolder(Path(folder).resolve())
        with contextlib.closing(LocalReplies(home.replies)) as replies:
            replies.save(Switch(per_person=None))  # one person may say all that is said
        for name, value in (secrets or {}).items():
            OwnSecrets(home.own_secrets).put(name, value)
        with (
            observing() as observer,
            logging_to(home.log),
            beside_simulated_x(
                home, settings, on_progress=on_progress, analysers=analysers, drain=0.0, forwards=False
            ) as system,
        ):
            yield Stage(system, home, observer)
