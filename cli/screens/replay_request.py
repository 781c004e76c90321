"""What to replay, as people write it."""

from __future__ import annotations

import datetime

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.replays.port import Replays
from twbot.cli.ui.completion import complete_rules, known_types
from twbot.cli.ui.times import parse_window
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.replays import ReplayRequest
from twbot.lambdas.wiring import own_rules


def replay_request(
    since: str, until: str | None, types: list[str], to: list[str], rate: float | None, with_replies: bool
) -> ReplayRequest:
    """Return the request for what people wrote: times, event types, rules, events a second. Raises CliError."""
    rules = complete_rules("")
    if unknown := [name for name in to if name not in rules]:
        hint = f"There are: {', '.join(rules)}"
        raise CliError(f"There is no rule {unknown[0]!r}.", hint=hint, code=Exit.USAGE)
    if without := [rule.name for rule in own_rules() if rule.name in to and not rule.takes_replays(with_replies=True)]:
        hint = "Its table [[rules]] in twbot.toml has to say: replays = true; on AWS, deploy it then"
        raise CliError(f"The rule {without[0]} takes no replays.", hint=hint, code=Exit.USAGE)
    names = known_types(types)
    now = datetime.datetime.now().astimezone()
    begin, end = parse_window(since, until or "now", now=now)
    assert begin is not None
    pace = {"rate": rate} if rate is not None else {}
    return ReplayRequest(
        since=begin, until=min(end or now, now), types=names, rules=to, with_replies=with_replies, **pace
    )


def fitted(replays: Replays, request: ReplayRequest) -> ReplayRequest:
    """Return the request as the platform can fulfil it. Raises CliError if it cannot."""
    try:
        return replays.fit(request)
    except CliError:
        raise
    except TwbotError as error:
        raise CliError(str(error), code=Exit.USAGE) from None
