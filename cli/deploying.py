"""What deploy, diff and destroy share: the stage and where it is, the templates, the log, the progress."""

from __future__ import annotations

import contextlib
import datetime
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.text import Text

from cli.errors import CliError, Exit
from cli.render import err, say
from cli.stage import FILE, Place
from lambdas.errors import TwbotError
from lambdas.settings import LOCAL

if TYPE_CHECKING:
    from stacks.assembly import Assembly
    from stacks.cdk_progress import Following
    from stacks.changes import Change
    from stacks.operate import AwsBot
    from stacks.permissions import Widening
    from stacks.preflight import Account, Check

MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "wrong": ("✗", "bold red")}
SIGNS = {"+": ("new", "green"), "~": ("changed", "yellow"), "-": ("removed", "red")}


class Target(NamedTuple):
    """A stage on AWS, where its credentials lead, and the log of what is done to it."""

    bot: AwsBot
    where: Account
    log: Path
    profile: str | None

    @property
    def stage(self) -> str:
        return self.bot.name

    def cdk(self) -> Any:
        from stacks.cdk import Cdk

        profile = self.profile or self.bot.stage.aws.profile
        return Cdk(self.stage, self.log, region=self.where.region, profile=profile)


def target(verb: str, place: Place) -> Target:
    """The stage that a command acts on, shown first. Raises CliError."""
    from cli.refusals import explained

    on_aws(place.stage)
    with explained():
        from stacks.preflight import account

        bot = place.aws()
        where = account(bot)
    kind = "production" if bot.stage.production else "not production"
    err.print(
        Text.assemble(("Stage ", ""), (bot.name, "bold"), f" ({kind}), account {where.id}, region {where.region}")
    )
    return Target(bot, where, new_log(verb, bot.name, place.data), place.profile)


def on_aws(stage: str) -> str:
    """The name of a stage on AWS: `local` is none. Raises CliError."""
    from stacks.config import check_name

    if stage == LOCAL:
        hint = "Start it: twbot up; or name a stage on AWS: --stage prod"
        raise CliError("The stage local is the bot of this machine: it is not on AWS.", hint=hint, code=Exit.USAGE)
    try:
        return check_name(stage)
    except TwbotError as error:
        raise CliError(str(error), hint="Name another: --stage prod", code=Exit.USAGE) from None


def new_log(verb: str, stage: str, data: Path | None) -> Path:
    """The log of this run, in the data folder."""
    from local.home import data_folder

    now = datetime.datetime.now().astimezone()
    return data_folder(data) / "logs" / f"{verb}-{stage}-{now:%Y%m%d-%H%M%S}-{os.getpid()}.log"


@contextlib.contextmanager
def logged(log: Path) -> Iterator[None]:
    """Whatever fails inside becomes one error that names the log."""
    from cli.refusals import in_words

    try:
        yield
    except CliError as error:
        raise error if not log.exists() else _with_log(error, log) from None
    except TwbotError as error:
        raise _with_log(in_words(error), log) from None


def _with_log(error: CliError, log: Path) -> CliError:
    if not log.exists() or str(log) in (error.hint or ""):
        return error
    hint = f"{error.hint}\nThe whole log: {log}" if error.hint else f"The whole log: {log}"
    return CliError(str(error), hint=hint, code=error.code)


def account_id(on: Target, typed: str | None) -> str:
    """The bot's id on X: as typed, as in the file, or as it was deployed with. Raises CliError."""
    from stacks.deployed import ON_X, stacks

    known = typed or on.bot.account_id
    known = known or next((each.outputs[ON_X] for each in stacks(on.bot) if ON_X in each.outputs), None)
    if known is None:
        raise no_account_id(on.stage)
    return known


def no_account_id(stage: str) -> CliError:
    hint = f"Type it: --account-id 999999; or write it down: twbot init --stage {stage}"
    return CliError("The id of the bot's account on X is not known.", hint=hint, code=Exit.NOT_CONFIGURED)


@contextlib.contextmanager
def templates(on: Target, account_id: str, region: str | None) -> Iterator[Assembly]:
    """The stage's templates, in a folder that goes afterwards."""
    from stacks.assembly import synthesize

    with tempfile.TemporaryDirectory(prefix="twbot-") as folder:
        with waiting("Making the templates"):
            made = synthesize(on.stage, Path(folder), log=on.log, config=FILE, account_id=account_id, region=region)
        yield made


@contextlib.contextmanager
def waiting(what: str) -> Iterator[None]:
    """Says what takes a while, with a spinner where there is a terminal."""
    if err.is_terminal:
        with err.status(f"{what} …"):
            yield
    else:
        say(f"{what} …")
        yield


def show_check(check: Check) -> None:
    mark, style = MARKS[check.state]
    fix = f"\n    {check.fix}" if check.fix and check.state != "ok" else ""
    err.print(Text.assemble((f"{mark} ", style), f"{check.name}: {check.says}", (fix, "cyan")), soft_wrap=True)


def show_changes(found: list[Change], permissions: dict[str, Widening], show: Callable[[Any], None]) -> None:
    """In words: new stacks by their number of resources, the rest one by one; permissions all."""
    stacks = list(dict.fromkeys([*(each.stack for each in found), *permissions]))
    for stack in stacks:
        of_stack = [each for each in found if each.stack == stack]
        show(Text(stack, style="bold"))
        if len(of_stack) > 8 and all(each.sign == "+" for each in of_stack):
            show(Text.assemble(("  + ", "green"), f"{len(of_stack)} resources"))
        else:
            for each in of_stack:
                show(_change(each))
        if stack in permissions:
            _show_permissions(permissions[stack], show)
    if not stacks:
        show(Text("Nothing would change."))


def _change(change: Change) -> Text:
    _, style = SIGNS[change.sign]
    parts = f" ({', '.join(change.parts)})" if change.parts else ""
    replaced = (" is replaced: a new one comes, this one goes", "bold red") if change.replaced else ""
    return Text.assemble((f"  {change.sign} ", style), f"{change.type} {change.name}{parts}", replaced)


def _show_permissions(widening: Widening, show: Callable[[Any], None]) -> None:
    from stacks.permissions import words

    marks = (("may from now on", "yellow", widening.new), ("no longer forbidden", "yellow", widening.lifted))
    for heading, style, grants in (*marks, ("may no longer", "", widening.gone)):
        if grants:
            show(Text(f"  permissions: {heading}", style=style))
        for about, said in words(grants):
            show(Text(f"    {about}: {said}"))


@contextlib.contextmanager
def progress(following: Following, doing: str) -> Iterator[Callable[[str], None]]:
    """A line a stack, as the CDK command's own lines come: live on a terminal, else when its state changes."""
    if err.is_terminal:
        with _bars(following, doing) as each:
            yield each
        return
    told: dict[str, str] = {}

    def each_line(line: str) -> None:
        following.line(line)
        for name, stack in following.stacks.items():
            if stack.state != "waiting" and told.get(name) != stack.state:
                told[name] = stack.state
                say(f"{name}: {doing if stack.state == 'working' else stack.state}")

    yield each_line


@contextlib.contextmanager
def _bars(following: Following, doing: str) -> Iterator[Callable[[str], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    name, what = TextColumn("{task.description}"), TextColumn("{task.fields[what]}", markup=False)
    columns = (SpinnerColumn(), name, BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), what)
    with Progress(*columns, console=err) as bars:
        tasks = {stack: bars.add_task(stack, start=False, total=None, what="waiting") for stack in following.stacks}

        def each_line(line: str) -> None:
            following.line(line)
            for stack, now in following.stacks.items():
                task = tasks[stack]
                if now.state != "waiting":
                    bars.start_task(task)
                if now.state in ("done", "unchanged"):
                    total = now.total or now.count or 1
                    bars.update(task, total=total, completed=total, what=now.state)
                    bars.stop_task(task)
                elif now.state != "waiting":
                    what = now.doing if now.state == "working" else "failed"
                    bars.update(task, total=now.total or None, completed=now.count, what=what or doing)

        yield each_line


def interrupted(following: Following, stage: str, verb: str) -> CliError:
    """What is done, what AWS goes on with by itself, and what has not begun."""
    done, working, ahead = following.named("done", "unchanged"), following.named("working"), following.named("waiting")
    parts = [
        f"Done: {', '.join(done)}." if done else "",
        f"CloudFormation goes on with {', '.join(working)} by itself." if working else "",
        f"Not begun: {', '.join(ahead)}." if ahead else "",
    ]
    hint = f"See how it stands: twbot outputs --stage {stage}; then go on: twbot {verb} --stage {stage}"
    return CliError(" ".join(filter(None, ["Interrupted.", *parts])), hint=hint, code=Exit.INTERRUPTED)
