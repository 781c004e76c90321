"""Runs the bot, with a simulated X beside it or against X itself, and registers its webhook and subscriptions."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from twbot.lambdas.errors import NotConfigured
from twbot.lambdas.ports import Keys
from twbot.lambdas.settings import Settings
from twbot.lambdas.x.activity_types import NEEDED
from twbot.lambdas.x.http import X_URL
from twbot.lambdas.x.webhooks_and_subscriptions import XManagement
from twbot.local.adapters.media import FileMedia
from twbot.local.adapters.models import Analysers, LocalModels
from twbot.local.adapters.secrets import FileSecrets
from twbot.local.bot import Bot
from twbot.local.bus.lock import Lock
from twbot.local.data_folder import (
    DataFolder,
    RunInfo,
    SimulatorInfo,
    check_room,
    make_private,
    note_project,
    write_run_info,
)
from twbot.local.simulator.client import Simulator

OnProgress = Callable[[str], None]
AnalysersOf = Callable[[FileMedia, Path], Analysers]


class System(msgspec.Struct, frozen=True):
    """A running bot."""

    bot: Bot
    url: str
    """The webhook's URL."""
    x: Simulator | None
    """The simulated X beside the bot, None where the bot calls X itself."""


@contextlib.contextmanager
def beside_simulated_x(
    home: DataFolder,
    settings: Settings,
    *,
    on_progress: OnProgress,
    analysers: AnalysersOf = LocalModels,
    host: str = "127.0.0.1",
    port: int = 0,
    x_port: int = 0,
    drain: float = 8.0,
    forwards: bool = True,
) -> Iterator[System]:
    """Start a simulated X and the bot, register the bot's webhook with it, and stop both at the end.

    `drain`: seconds that the bot has to finish its deliveries. `forwards`: whether rules with `to` send. Raises
    NotConfigured where the data folder has the keys of a real account, TwbotError where one of them does not start.
    """
    check_room(make_private(home.folder))
    on_progress("Starting the simulated X")
    # The lock first: a second simulated X must not start on the files of the first.
    # The simulated X is a process of its own, see docs/decisions/0005-the-simulated-x-is-its-own-process.md.
    with Lock(home.lock) as lock, Simulator(home.folder / "x", port=x_port) as x:
        _keep_keys(FileSecrets(home.secrets), x.client.keys())
        made = Bot(
            home,
            settings,
            analysers=analysers,
            x_url=x.url,
            simulator=x.url,
            host=host,
            port=port,
            lock=lock,
            forwards=forwards,
        )
        with _running(made, drain) as (bot, webhook):
            on_progress("Registering the webhook: X challenges it")
            introduce(XManagement(bot.secrets, base_url=x.url), webhook, bot.secrets.keys().user_id)
            announce_run(bot, webhook, SimulatorInfo(x.url, x.control_token))
            yield System(bot, webhook, x)


@contextlib.contextmanager
def facing_x(home: DataFolder, settings: Settings, *, host: str, port: int) -> Iterator[System]:
    """Start the bot against X itself, with the keys of the data folder. Raises NoKeys where there are none."""
    # Read the keys first: without them the bot must not start at all.
    FileSecrets(home.secrets).keys()
    check_room(make_private(home.folder))
    with (
        Lock(home.lock) as lock,
        _running(Bot(home, settings, x_url=X_URL, host=host, port=port, lock=lock), 8.0) as (bot, webhook),
    ):
        announce_run(bot, webhook, None)
        yield System(bot, webhook, None)


def _keep_keys(secrets: FileSecrets, simulated: Keys) -> None:
    """Store the simulated X's keys. Raises NotConfigured where the file has other keys: they may be real ones."""
    if secrets.exists() and secrets.keys() != simulated:
        raise NotConfigured(
            f"The keys in {secrets.path} are not the simulated X's, and would be lost. "
            "Use them with: twbot up --x live, or another folder: twbot up --data FOLDER"
        )
    secrets.save(simulated)


def introduce(x: XManagement, webhook: str, user_id: str) -> None:
    """Register the webhook, and subscribe it to the account with Account Activity and with X Activity.

    Registrations and subscriptions that exist already are left as they are.
    """
    # X allows one webhook, and the bot may have another port at each start: delete the old ones first.
    stale = [each for each in x.webhooks() if each.url != webhook]
    for each in stale:
        x.delete_webhook(each.id)
    known = next((each for each in x.webhooks() if each.url == webhook), None)
    registered = known or x.create_webhook(webhook)
    if user_id not in x.account_subscriptions(registered.id):
        x.subscribe_account(registered.id)
    subscribed = {each.event_type for each in x.activity_subscriptions() if each.webhook_id == registered.id}
    for activity in NEEDED:
        if activity not in subscribed:
            x.subscribe_activity(activity, user_id, webhook_id=registered.id, tag="twbot")


def announce_run(bot: Bot, url: str, simulator: SimulatorInfo | None) -> None:
    """Write `run.json`, by which other commands find the running bot."""
    run = RunInfo(os.getpid(), url, time.time(), simulator, bot.control_token, bot.bus.lock.identity)
    note_project(bot.home)
    write_run_info(bot.home.folder, run)
    bot.home.stopped.unlink(missing_ok=True)


@contextlib.contextmanager
def _running(bot: Bot, drain: float) -> Iterator[tuple[Bot, str]]:
    try:
        port = bot.start()
        yield bot, f"http://{bot.host}:{port}/twitter"
    finally:
        bot.stop(drain)
        bot.home.run.unlink(missing_ok=True)
