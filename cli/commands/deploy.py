"""`twbot deploy` and `diff`: deploy a stage to AWS, or show what a deployment would change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from twbot.cli.deploy.screen import interrupted, progress, show_changes, waiting
from twbot.cli.deploy.target import PROD, AccountId, Deployment, account_id, deployment, digits, logged, templates
from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import Target
from twbot.cli.ui.console import as_json, err, out, print_line, say, show_check
from twbot.cli.ui.options import AsJson, Data, DryRun, Profile, Region, StageName, Yes
from twbot.lambdas.folder.folder import project
from twbot.lambdas.folder.people import has_people, photos_of_people

if TYPE_CHECKING:
    from twbot.cli.deploy.assembly import Assembly
    from twbot.cli.deploy.changes import Change
    from twbot.cli.deploy.deployed_stacks import Stack
    from twbot.cli.deploy.permissions import Widening
    from twbot.cli.deploy.preflight import PreflightCheck


def deploy(
    stage: StageName = PROD,
    account: AccountId = None,
    bootstrap: Annotated[
        bool, typer.Option("--bootstrap", help="First prepare the account and region for CDK; needed once.")
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    profile: Profile = None,
    region: Region = None,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """Put a stage on AWS, or bring what is there up to date. Asks when permissions widen.

    Example: twbot deploy --stage prod --account-id 999999

    Example: twbot deploy --stage test --dry-run
    """
    on = deployment("deploy", Target(stage, profile, region, data))
    with logged(on.log):
        checked_id = digits(account_id(on, account))
        photos_of_people(project())  # a photo that can't be read is named before anything changes
        if bootstrap and not dry_run:
            _bootstrap(on, yes)
        checks = _checks(on, bootstrap_later=bootstrap and dry_run)
        with templates(on, checked_id, region) as assembly:
            found, permissions = differences(on, assembly)
            show_changes(found, permissions, (out if dry_run and not json else err).print)
            retired = _retired(on, assembly)
            plan = {"stage": on.stage, "account": on.where.id, "region": on.where.region, "checks": checks}
            plan |= {**_changes_json(found, permissions), "retired": [each.name for each in retired]}
            if not dry_run:
                _ask(on, permissions, retired, yes)
                _delete(on, retired)
                _deploy(on, assembly)
                plan |= _teach_people(on)
    if dry_run:
        if json:
            as_json({**plan, "deployed": False})
        return
    _deployed(on, plan, json)


def diff(
    stage: StageName = PROD,
    account: AccountId = None,
    profile: Profile = None,
    region: Region = None,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """Say what `twbot deploy` would change, permissions included.

    Example: twbot diff --stage prod
    """
    on = deployment("diff", Target(stage, profile, region, data))
    with logged(on.log), templates(on, digits(account_id(on, account)), region) as assembly:
        found, permissions = differences(on, assembly)
        retired = _retired(on, assembly)
    if json:
        as_json({"stage": on.stage, **_changes_json(found, permissions), "retired": [each.name for each in retired]})
    else:
        show_changes(found, permissions, out.print)


def differences(on: Deployment, assembly: Assembly) -> tuple[list[Change], dict[str, Widening]]:
    """Return what a deployment would change: the resources, and the permissions by stack."""
    # The resources come from `cdk diff`. Permissions are compared in the templates themselves, where statements that
    # are only split or merged make no difference.
    from twbot.cli.deploy.changes import changes
    from twbot.cli.deploy.deployed_stacks import stacks, template
    from twbot.cli.deploy.permissions import widening
    from twbot.stacks.names import STACKS, stack_name

    with waiting("Comparing with what is deployed"):
        found = changes(on.cdk().diff(assembly.folder))
        existing = {each.name for each in stacks(on.bot)}
        ours = {stack_name(on.bot.config, service) for service in STACKS}
        # Of a stack of the folder's `extra` only CloudFormation knows whether it is there.
        missing = ours - existing
        deployed = {each.name: {} if each.name in missing else template(on.bot, each.name) for each in assembly.stacks}
        compared = {each.name: widening(deployed[each.name], each.template) for each in assembly.stacks}
    return found, {name: each for name, each in compared.items() if any(each)}


def _checks(on: Deployment, *, bootstrap_later: bool) -> list[PreflightCheck]:
    """Run the checks and show each result. Raises CliError at the end if one failed.

    `bootstrap_later`: a missing bootstrap is no failure, because --bootstrap is only tried out.
    """
    from twbot.cli.deploy.preflight import checks, first_wrong

    found = []
    for check in checks(on.bot, on.where):
        show_check(check)
        found.append(check)
    wrong = first_wrong([each for each in found if not (bootstrap_later and each.name == "bootstrap")])
    if wrong is not None:
        code = Exit.NOT_CONFIGURED if wrong.setup else Exit.CHECK_FAILED
        raise CliError(f"Not ready: {wrong.says}.", hint=wrong.fix, code=code)
    return found


def _bootstrap(on: Deployment, yes: bool) -> None:
    from twbot.cli.ui.prompts import confirm

    roles = "This makes a bucket and roles for CDK (the stack CDKToolkit), which may administer the account."
    confirm(roles, yes=yes)
    try:
        with waiting("Preparing the account and region for CDK"):
            on.cdk().bootstrap(on.where.id)
    except KeyboardInterrupt:
        message = "Interrupted. CloudFormation goes on with the stack CDKToolkit by itself."
        raise CliError(message, hint="Wait a minute, then type it again", code=Exit.INTERRUPTED) from None


def _retired(on: Deployment, assembly: Assembly) -> list[Stack]:
    """Return the deployed stacks that the bot's folder asks for no more, and say what becomes of them."""
    from twbot.cli.deploy.deployed_stacks import extra_left, retired

    wanted = {each.name for each in assembly.stacks}
    for name in extra_left(on.bot, wanted):
        # What is in it is not ours to delete.
        delete = f"aws cloudformation delete-stack --stack-name {name}"
        err.print(f"{name} stays: `extra` adds it no more. To delete it: {delete}", style="yellow")
    found = retired(on.bot, wanted)
    for each in found:
        says = "deleted, with its dead letters and logs: twbot.toml has no rules and steps any more"
        err.print(f"{each.name} is {says}.", style="yellow")
    return found


def _delete(on: Deployment, retired: list[Stack]) -> None:
    # First: it imports what the other stacks export for it alone, and CloudFormation drops no export that is used.
    from twbot.cli.deploy.deployed_stacks import delete

    for each in retired:
        with waiting(f"Deleting {each.name}"):
            delete(on.bot, each.name)


def _ask(on: Deployment, permissions: dict[str, Widening], retired: list[Stack], yes: bool) -> None:
    """Ask for a confirmation if permissions widen, as `cdk deploy --require-approval broadening` does, or data goes."""
    from twbot.cli.ui.prompts import confirm

    if retired:
        confirm(f"{', '.join(each.name for each in retired)} will be deleted.", yes=yes)
    if any(each.widens for each in permissions.values()):
        confirm(f"Permissions in the stage {on.stage} widen, as listed.", yes=yes)


def _deploy(on: Deployment, assembly: Assembly) -> None:
    from twbot.cli.deploy.cdk_progress import Following

    following = Following([each.name for each in assembly.stacks])
    try:
        with progress(following, "deploying") as each:
            on.cdk().deploy(assembly.folder, each)
    except KeyboardInterrupt:
        raise interrupted(following, on.bot.option, "deploy") from None


def _teach_people(on: Deployment) -> dict[str, Any]:
    """Bring the stage's collection of faces in step with the people of the bot's folder. Return what --json adds."""
    if not has_people(project()):
        return {}
    from twbot.cli.operations.people.aws import AwsPeople

    with waiting("Looking at the photos of people"):
        changed = AwsPeople(on.bot).keep_in_step(project())
    say(f"Photos of people: {changed.added} new, {changed.removed} gone.")
    return {"people": changed._asdict()}


def _deployed(on: Deployment, plan: dict[str, Any], json: bool) -> None:
    """Show the outputs of the deployed stacks, and the next commands to type."""
    from twbot.cli.deploy.outputs import outputs_of, show_outputs

    found = outputs_of(on)
    next_two = [f"twbot secrets set{on.bot.option}", f"twbot webhook register{on.bot.option}"]
    if json:
        outputs = {each.service: each.outputs for each in found}
        as_json({**plan, "deployed": True, "outputs": outputs, "next": next_two, "log": str(on.log)})
        return
    show_outputs(found)
    say(f"Deployed. The log: {on.log}")
    for line in ("Next:", *(f"  {each}" for each in next_two)):
        print_line(line)


def _changes_json(found: list[Change], permissions: dict[str, Widening]) -> dict[str, Any]:
    grants = [
        {"stack": stack, "change": change, **grant._asdict()}
        for stack, widening in permissions.items()
        for change, changed in widening._asdict().items()
        for grant in changed
    ]
    return {"changes": found, "permissions": grants, "widens": any(each.widens for each in permissions.values())}
