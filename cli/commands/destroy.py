"""`twbot outputs` and `destroy`: show the stacks of a stage on AWS, or delete them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from twbot.cli.deploy.outputs import outputs_of, show_outputs
from twbot.cli.deploy.screen import interrupted, progress, waiting
from twbot.cli.deploy.target import PROD, Deployment, deployment, logged, templates
from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import Target
from twbot.cli.ui.console import as_json, err, print_line, say
from twbot.cli.ui.options import AsJson, Data, DryRun, Profile, Region, StageName, Yes
from twbot.cli.ui.prompts import no_terminal
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.own.calls import named_secrets
from twbot.lambdas.own.secret_names import secret_name

if TYPE_CHECKING:
    from twbot.cli.deploy.deployed_stacks import DataResource, Stack

# Stands in for the account id on X, without which no template is made: it does not change what is destroyed.
ANY_ACCOUNT = "1"


def outputs(
    stage: StageName = PROD,
    profile: Profile = None,
    region: Region = None,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """Show the state and the outputs of a stage's stacks on AWS.

    Example: twbot outputs --stage prod
    """
    on = deployment("outputs", Target(stage, profile, region, data))
    found = outputs_of(on)
    if json:
        as_json(found)
    else:
        show_outputs(found)


def destroy(
    stage: StageName = PROD,
    yes: Yes = False,
    dry_run: DryRun = False,
    profile: Profile = None,
    region: Region = None,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """Take a stage off AWS. Names what is lost and what stays, and asks.

    Example: twbot destroy --stage test --dry-run

    Example: twbot destroy --stage test
    """
    on = deployment("destroy", Target(stage, profile, region, data))
    with logged(on.log):
        found = outputs_of(on)
        _check_idle(on, found)
        data_held = _held(on, found)
        plan: dict[str, object] = {"stage": on.stage, "stacks": [each.name for each in found], "data": data_held}
        plan |= {"extra": on.bot.config.aws.extra, "secrets": _secrets(on)}
        if not json:
            _show_loss(on, found, data_held)
        if not dry_run:
            _ask(on, yes)
            _destroy(on, found, [each.bucket for each in data_held if each.bucket and not each.kept], region)
    if json:
        as_json({**plan, "destroyed": not dry_run})
    elif not dry_run:
        print_line(f"The stage {on.stage} is gone. Still there, if it was: secret {', '.join(_secrets(on))}.")
        say(f"The log: {on.log}")


def _check_idle(on: Deployment, found: list[Stack]) -> None:
    """Raise CliError if CloudFormation is changing a stack: it refuses a second change meanwhile."""
    busy = [f"{each.name} ({each.status})" for each in found if each.busy]
    if busy:
        hint = f"Wait until it has finished: twbot outputs{on.bot.option}"
        raise CliError(f"CloudFormation still works on {', '.join(busy)}.", hint=hint)


def _held(on: Deployment, found: list[Stack]) -> list[DataResource]:
    from twbot.cli.deploy.deployed_stacks import data_resources

    with waiting("Looking what is in it"):
        return [each for stack in found for each in data_resources(on.bot, stack.name)]


def _show_loss(on: Deployment, found: list[Stack], data_held: list[DataResource]) -> None:
    from twbot.stacks.names import alert_addresses_name

    err.print(f"Destroys {len(found)} stacks: {', '.join(each.name for each in found)}")
    if extra := on.bot.config.aws.extra:
        # Their names are known only when the templates are made.
        err.print(f"Destroys, too, the stacks that {extra} adds, and what they do not retain.", style="bold red")
    for heading, retained, style in (("Lost for ever:", False, "bold red"), ("Stays, and is paid for:", True, "green")):
        names = [f"  {each.what} {each.name}" for each in data_held if each.kept is retained]
        if retained:
            names += [f"  secret {each}, if there is one" for each in _secrets(on)]
        if names:
            err.print(heading, style=style)
            for name in names:
                say(name)
    parameter = alert_addresses_name(on.bot.config)
    remove = f"twbot alerts remove{on.bot.option}"
    say(f"The chats that hear of alerts stay in the parameter {parameter}, until: {remove}")
    say(f"X goes on calling the webhook until you say: twbot webhook delete{on.bot.option}")


def _secrets(on: Deployment) -> list[str]:
    """Return the names of the secrets that outlive the stage: that of X's keys, and those of the bot's functions."""
    own = (secret_name(on.bot.config.name, each) for each in named_secrets(bot_folder()))
    return [on.bot.config.secret, *own]


def _ask(on: Deployment, yes: bool) -> None:
    """Have the person type the stage's name, unless `yes`. Raises CliError for anything else."""
    # A plain yes is typed without reading; the name makes sure that the person means this stage.
    import typer

    if yes:
        return
    if not sys.stdin.isatty():
        hint = "Type it again with --yes, or --dry-run"
        raise CliError(f"This destroys the stage {on.stage}. Nobody is there to ask.", hint=hint, code=Exit.USAGE)
    with no_terminal():
        question = f"Type the stage's name ({on.stage}) to destroy it"
        typed = typer.prompt(question, err=True, default="", show_default=False)
    if typed.strip() != on.stage:
        raise CliError("Nothing was changed.")


def _destroy(on: Deployment, found: list[Stack], buckets: list[str], region: str | None) -> None:
    from twbot.cli.deploy.cdk_progress import Following
    from twbot.cli.deploy.deployed_stacks import delete, retired
    from twbot.cli.operations.aws_errors import AwsError

    following = Following([each.name for each in reversed(found)])
    try:
        with templates(on, on.bot.account_id or ANY_ACCOUNT, region) as assembly:
            # CDK knows no stack that the bot's folder asks for no more.
            for stack in retired(on.bot, {each.name for each in assembly.stacks}):
                delete(on.bot, stack.name)
            for retry in (True, False):
                _empty(on, buckets)
                try:
                    with progress(following, "destroying") as each:
                        on.cdk().destroy(assembly.folder, each)
                    return
                # Firehose and the functions still deliver what is under way: a bucket may be filled after it was
                # emptied.
                except AwsError as problem:
                    if not retry or "not empty" not in str(problem):
                        raise
    except KeyboardInterrupt:
        raise interrupted(following, on.bot.option, "destroy") from None


def _empty(on: Deployment, buckets: list[str]) -> None:
    from twbot.cli.deploy.buckets import empty

    s3 = on.bot.client("s3")
    for bucket in buckets:
        with on.bot.translate_errors(), waiting(f"Emptying {bucket}"):
            deleted = sum(empty(s3, bucket))
        if deleted:
            say(f"{bucket}: {deleted} objects deleted")
