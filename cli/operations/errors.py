"""CliErrors for what X, AWS and the key stores refuse: what is wrong, and the next thing to type."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator

from twbot.cli.errors import CliError, Exit, as_cli_error
from twbot.lambdas.errors import TwbotError, XRefused, XUnavailable
from twbot.lambdas.x.refusals import Refusal, refusal

CONSOLE = "console.x.com"
# What is wrong, what to type or do next, and the exit code. `{stage}` becomes the options that name the stage.
WORDS: dict[Refusal, tuple[str, str, Exit]] = {
    Refusal.WRONG_CRC: (
        "X got a wrong answer to its challenge (CRC) from the webhook.",
        "See what the webhook answers: twbot webhook check{stage}",
        Exit.CHECK_FAILED,
    ),
    Refusal.URL_INVALID: (
        "X does not take this address: it has to be https://, without a port, at most 200 characters.",
        "Name another: twbot webhook register --url https://…/twitter{stage}",
        Exit.USAGE,
    ),
    Refusal.DUPLICATE_URL: (
        "This address is registered already.",
        "See it: twbot webhook list{stage}",
        Exit.FAILED,
    ),
    Refusal.TOO_MANY_WEBHOOKS: (
        "The app has as many webhooks as its plan allows (pay per use: one).",
        "Remove one: twbot webhook list{stage}, then twbot webhook delete ID{stage}",
        Exit.FAILED,
    ),
    Refusal.ENVIRONMENT_UNKNOWN: (
        "X knows no environment of this name (capital letters count).",
        f"Look it up at {CONSOLE}, and name it: --environment NAME",
        Exit.NOT_FOUND,
    ),
    Refusal.WEBHOOK_UNKNOWN: (
        "X knows no such webhook (or, at v1.1: no such call any more).",
        "See which there are: twbot webhook list{stage}",
        Exit.NOT_FOUND,
    ),
    Refusal.SUBSCRIBED_ALREADY: (
        "That is subscribed already.",
        "See it: twbot subscription list{stage}",
        Exit.FAILED,
    ),
    Refusal.TOO_MANY_SUBSCRIPTIONS: (
        "The app has as many subscriptions as its plan allows.",
        "Remove one: twbot subscription list{stage}, then twbot subscription remove ID{stage}",
        Exit.FAILED,
    ),
    Refusal.NOT_SUBSCRIBED: (
        "X knows no such subscription.",
        "See which there are: twbot subscription list{stage}",
        Exit.NOT_FOUND,
    ),
    Refusal.WRONG_KEYS: (
        "X does not accept the keys: wrong, expired or revoked.",
        f"Make new ones at {CONSOLE}, then: twbot secrets rotate{{stage}}",
        Exit.NOT_CONFIGURED,
    ),
    Refusal.WRONG_KIND_OF_KEY: (
        "X wants another kind of key for this call.",
        "Check them: twbot secrets check{stage}",
        Exit.NOT_CONFIGURED,
    ),
    Refusal.NOT_PERMITTED: (
        "The app is not permitted to do this.",
        f"At {CONSOLE}: permissions Read, Write and Direct Messages, and a plan with webhooks; then make the access "
        "token anew and: twbot secrets rotate{stage}",
        Exit.NOT_CONFIGURED,
    ),
    Refusal.NO_CREDITS: ("There are no credits left at X.", f"Buy some at {CONSOLE}, then try again", Exit.FAILED),
    Refusal.CAP_REACHED: ("X's monthly cap is reached.", f"Raise it at {CONSOLE}, or wait for the month", Exit.FAILED),
}


@contextlib.contextmanager
def translate_errors(option: str = "") -> Iterator[None]:
    """Raise a CliError for a TwbotError inside.

    `option`: the options that make a hint's command about the same stage.
    """
    try:
        yield
    except XRefused as error:
        raise _refused(error, option) from None
    except XUnavailable as error:
        raise CliError(_unavailable_message(error), hint="Then type it again", code=Exit.FAILED) from None
    except TwbotError as error:
        raise as_cli_error(error, option) from None


def _refused(error: XRefused, option: str) -> CliError:
    reason = refusal(error)
    if reason is Refusal.WRONG_CLOCK:
        minutes = abs(error.clock_off) / 60
        direction = "ahead of" if error.clock_off > 0 else "behind"
        message = f"This machine's clock is {minutes:.0f} minutes {direction} X's: X refuses what we sign."
        return CliError(message, hint="Set it: sudo timedatectl set-ntp true", code=Exit.CHECK_FAILED)
    if reason not in WORDS:
        return CliError(str(error), hint=f"Check the keys: twbot secrets check{option}")
    message, hint, code = WORDS[reason]
    return CliError(f"{message} {error}", hint=hint.replace("{stage}", option), code=code)


def _unavailable_message(error: XUnavailable) -> str:
    if error.retry_at is None:
        return str(error)
    at = datetime.datetime.fromtimestamp(error.retry_at).astimezone()
    return f"X limits how often it is asked: again from {at:%H:%M:%S}. {error}"
