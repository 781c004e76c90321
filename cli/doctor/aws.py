"""The checks of a stage on AWS: credentials, clock, region, deployed parts, X, and signs of trouble."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from twbot.cli.doctor.last_hour import check_last_hour
from twbot.cli.doctor.own_secrets import check_own_secrets
from twbot.cli.doctor.x import check_x, keys
from twbot.cli.errors import CliError
from twbot.cli.operations.target import Target
from twbot.cli.ui.check import Check
from twbot.lambdas.errors import TwbotError

if TYPE_CHECKING:
    from twbot.cli.operations.aws_stage import AwsBot

# The checks before a deployment that a deployed stage has to pass, too.
ALSO_WHEN_DEPLOYED = ("region", "celebrities")


def check_stage(target: Target) -> Iterator[Check]:
    """Yield each check once it is done. A check that depends on a failed one is skipped."""
    try:
        bot = target.aws()
    except TwbotError as error:
        hint = error.hint if isinstance(error, CliError) else "See: twbot init"
        yield Check("settings", "wrong", str(error), hint)
        yield _nothing_else("its settings cannot be read")
        return
    yield from _check(bot, target)


def _check(bot: AwsBot, target: Target) -> Iterator[Check]:
    from twbot.cli.deploy.preflight import account, checks
    from twbot.cli.doctor.aws_parts import all_stacks, asked, clock, parts, region
    from twbot.cli.doctor.aws_symptoms import symptoms
    from twbot.cli.operations.aws_errors import AwsError

    try:
        where = account(bot)
    except AwsError as problem:
        yield Check("credentials", "wrong", str(problem), problem.hint)
        yield _nothing_else("AWS was not reached or does not let us in")
        return
    yield Check("credentials", "ok", f"{where.who} in the account {where.id}")
    yield asked("clock", lambda: clock(bot))
    yield asked("place", lambda: region(bot))
    for each in checks(bot, where):
        if each.name in ALSO_WHEN_DEPLOYED:
            yield Check(each.name, each.state, each.says, each.fix)
        if each.name == ALSO_WHEN_DEPLOYED[-1] or each.name not in ("credentials", *ALSO_WHEN_DEPLOYED):
            break  # the others are for deploying; the generator does not run them
    try:
        check, found = all_stacks(bot)
    except AwsError as problem:
        check, found = Check("stacks", "warning", f"could not be looked at: {problem}", problem.hint), []
    yield check
    try:
        yield from check_own_secrets(bot)
    except AwsError as problem:
        yield Check("own secrets", "warning", f"could not be looked at: {problem}", problem.hint)
    if found:
        yield from parts(bot, found)
    else:
        yield Check("what is deployed", "skipped", "not looked at, because the stage's stacks are not known")
    yield (stored := keys(bot))
    if stored.state == "wrong":
        yield Check("X", "skipped", "not asked, because there are no keys to ask with")
    else:
        url = next((each.outputs.get("WebhookUrl") for each in found if each.service == "ingress"), None)
        yield from check_x(bot, url, target.option)
    if found:
        yield from symptoms(bot, found)
        yield from check_last_hour(target)


def _nothing_else(reason: str) -> Check:
    return Check("everything else", "skipped", f"not looked at, because {reason}")
