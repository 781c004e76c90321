"""The checks at X: the clock, the keys, the webhook and its challenge, the subscriptions, and the monthly cap."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from twbot.cli.doctor.clock import MAX_CLOCK_SKEW
from twbot.cli.errors import CliError
from twbot.cli.ui.check import Check, State

if TYPE_CHECKING:
    from twbot.cli.operations.target import Bot
    from twbot.cli.x.status import XStatus

NEARLY = 0.9


def keys(stage: Bot) -> Check:
    """Check that the keys are stored and complete."""
    from twbot.cli.operations.errors import translate_errors

    try:
        with translate_errors(stage.option):
            secrets = stage.secrets()
            secrets.keys()
    except CliError as error:
        return Check("keys", "wrong", str(error), error.hint)
    return Check("keys", "ok", f"all there, in {secrets.place}")


def check_x(stage: Bot, url: str | None, option: str) -> Iterator[Check]:
    """Yield the checks at X. `url`: the webhook's address, None where it has none yet."""
    yield (clock := _clock(stage.x_url))
    if clock.state == "wrong":
        yield Check("X", "skipped", "not asked, because X refuses what is signed with a wrong clock")
        return
    yield (
        accepted := _checked(
            "X's answer to the keys", lambda: _accepted(stage, option), f"twbot secrets rotate{option}"
        )
    )
    if url is None:
        yield Check("challenge", "skipped", "not asked, because the webhook has no address yet")
    else:
        yield _challenge(stage, url, option)
    if accepted.state == "wrong":
        yield Check("webhook", "skipped", "not looked at, because X does not take the keys")
        return
    yield from _on_x(stage, option)


def _checked(name: str, check: Callable[[], Check], fix: str) -> Check:
    from twbot.cli.operations.errors import translate_errors

    try:
        with translate_errors():
            return check()
    except CliError as error:
        hint = error.hint or fix
        return Check(name, "wrong", str(error), hint if "twbot" in hint else f"{hint}; then: {fix}")


def _accepted(stage: Bot, option: str) -> Check:
    """Check that X accepts the keys, and that they are for the account of the stage's settings."""
    from twbot.cli.x.accepted_keys import accepted_user

    user, name = accepted_user(stage.secrets(), stage.x_url), "X's answer to the keys"
    if stage.account_id not in (None, user.get("id")):
        says = f"the keys are for @{user.get('username')} ({user.get('id')}), twbot.toml says {stage.account_id}"
        fix = f"Set twitter_account_id in [stages.{stage.name}.aws], or: twbot secrets rotate{option}"
        return Check(name, "wrong", says, fix)
    return Check(name, "ok", f"accepted, for @{user.get('username')}")


def _clock(x_url: str) -> Check:
    """Compare this machine's clock with the date of an answer of X."""
    from email.utils import parsedate_to_datetime

    import requests

    name = "clock at X"
    try:
        with requests.Session() as session:
            session.trust_env = False  # straight to X: no proxy and no .netrc of this machine
            date = session.head(x_url, timeout=5, allow_redirects=False).headers["date"]
        off = time.time() - parsedate_to_datetime(date).timestamp()
    except (requests.RequestException, KeyError, ValueError) as error:
        return Check(name, "warning", f"X does not say what time it is ({type(error).__name__})", "Is there a network?")
    if abs(off) > MAX_CLOCK_SKEW:
        return Check(name, "wrong", f"{off:+.0f} seconds from X's", "sudo timedatectl set-ntp true")
    return Check(name, "ok", "as X's, to the minute")


def _challenge(stage: Bot, url: str, option: str) -> Check:
    """Send the webhook X's challenge (CRC) from here, and check its answer."""
    from twbot.cli.x.crc import challenge

    answer = challenge(url, stage.secrets().keys().api_secret)
    if answer.problem is not None:
        return Check("challenge", "wrong", answer.problem, f"twbot webhook check{option}")
    state: State = "warning" if answer.slow else "ok"
    slow = ": X wants less than 3 seconds" if answer.slow else ""
    says = f"the webhook answers rightly in {answer.milliseconds} ms{slow}"
    return Check("challenge", state, says, f"twbot logs ingress{option}")


def _on_x(stage: Bot, option: str) -> Iterator[Check]:
    from twbot.cli.x.status import read_x_status

    x = read_x_status(stage)
    if x.problem is not None:
        yield Check("webhook", "wrong", x.problem, x.fix or f"twbot webhook list{option}")
        return
    yield _webhook(x, option)
    if x.webhook is None:
        yield Check("subscriptions", "skipped", "not looked at, because there is no webhook")
    else:
        yield _subscriptions(x, option)
    yield _cap(x)


def _webhook(x: XStatus, option: str) -> Check:
    if x.webhook is None:
        others = f"; X has {x.others} of this app, at other addresses" if x.others else ""
        return Check(
            "webhook", "wrong", f"the bot's is not registered with X{others}", f"twbot webhook register{option}"
        )
    if not x.valid:
        says = f"X holds {x.webhook} for invalid, and delivers nothing"
        return Check("webhook", "wrong", says, f"twbot webhook check{option}")
    return Check("webhook", "ok", f"{x.webhook} is valid")


def _subscriptions(x: XStatus, option: str) -> Check:
    says, add = f"Account Activity {x.account_activity}, X Activity {x.x_activity}", f"twbot subscription add{option}"
    if x.generation is None:
        return Check("subscriptions", "wrong", "there are none: X delivers nothing", add)
    if not x.subscribed:
        return Check("subscriptions", "wrong", f"{says}, none for the bot's own account {x.account}", add)
    if x.ends is not None:
        gone = _today() >= x.ends
        says = f"{says}: Account Activity {'ended' if gone else 'ends'} on {x.ends:%-d %B %Y}"
        return Check("subscriptions", "wrong" if gone else "warning", says, f"twbot subscription migrate{option}")
    return Check("subscriptions", "ok", f"{says}, for the bot's account {x.account}")


def _cap(x: XStatus) -> Check:
    if x.usage is None or not x.usage.of:
        return Check("X's cap", "skipped", "X does not say how much of it is used")
    says = f"{x.usage.used:,} of {x.usage.of:,} posts read this month"
    share = x.usage.used / x.usage.of
    state: State = "wrong" if share >= 1 else "warning" if share >= NEARLY else "ok"
    return Check("X's cap", state, says, "Raise it at console.x.com, or wait for the month")


def _today() -> datetime.date:
    return datetime.datetime.now().astimezone().date()
