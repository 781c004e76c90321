"""The checks before a deployment, each with its fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import boto3
import botocore.exceptions as failures
import msgspec

from twbot.cli.deploy.deployed_stacks import stacks
from twbot.cli.operations.aws_errors import AwsError, AwsNotConfigured
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.own_secrets import missing_secrets
from twbot.cli.ui.check import Check
from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.folder.records import LLM_NOTICE
from twbot.lambdas.own.calls import LLM, named_secrets

# CDK's default qualifier is hnb659fds: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
BOOTSTRAP_VERSION = 6
SERVICES = {"rekognition": "Rekognition", "comprehend": "Comprehend", "lexv2-models": "Lex V2"}


class PreflightCheck(Check, frozen=True):
    """The result of one check before a deployment."""

    setup: bool = False
    """Whether credentials or settings are at fault."""


class Account(msgspec.Struct, frozen=True):
    """The account and region in which a command acts."""

    id: str
    region: str
    who: str
    """The user or role that the credentials belong to, as the end of its ARN."""


def account(bot: AwsBot) -> Account:
    """Return the account of the credentials.

    Raises AwsError if there are no credentials or no region, or if the stage belongs to another account.
    """
    with bot.translate_errors():
        sts = bot.client("sts")
        identity = sts.get_caller_identity()
    found = Account(identity["Account"], sts.meta.region_name, identity["Arn"].partition(":")[2].rpartition(":")[2])
    expected = bot.config.aws.account
    if expected not in (None, found.id):
        message = f"The AWS credentials are for the account {found.id}, the stage {bot.name} is for {expected}."
        hint = f"Name the right --profile, or change account in [stages.{bot.name}.aws] of twbot.toml"
        raise AwsNotConfigured(message, hint)
    return found


def checks(bot: AwsBot, where: Account) -> Iterator[PreflightCheck]:
    """Run the checks, and yield each result as soon as it is known."""
    yield PreflightCheck("credentials", "ok", f"{where.who} in the account {where.id}")
    yield _region_services(where.region)
    if bot.config.aws.detectors.celebrities:
        yield _checked("celebrities", lambda: _celebrities(bot, where.region))
    yield _checked("bootstrap", lambda: _bootstrapped(bot, where))
    yield _checked("stacks", lambda: _stacks_idle(bot))
    yield _checked("keys", lambda: _secret(bot))
    if named_secrets(bot_folder()):
        yield _checked("own secrets", lambda: _own_secrets(bot))
    if LLM in bot_folder().functions:
        yield PreflightCheck("language model", "warning", LLM_NOTICE)


def _checked(name: str, check: Callable[[], PreflightCheck]) -> PreflightCheck:
    """Run a check; return a warning if AWS does not answer it."""
    # Not an error: credentials without the permission to check may still deploy, and the deployment reports its own.
    try:
        return check()
    except AwsError as problem:
        return PreflightCheck(name, "warning", str(problem), problem.hint)


def _region_services(region: str) -> PreflightCheck:
    """Check that the region offers every AI service, by botocore's list of endpoints: AWS is not called."""
    session = boto3.Session()
    regions_of = {name: set(session.get_available_regions(service)) for service, name in SERVICES.items()}
    missing = [name for name, regions in regions_of.items() if region not in regions]
    if missing:
        everywhere = ", ".join(sorted(set.intersection(*regions_of.values())))
        says = f"{region} does not offer {' and '.join(missing)}"
        return PreflightCheck(
            "region", "wrong", says, f"Name another: --region; all of it is in {everywhere}", setup=True
        )
    return PreflightCheck("region", "ok", f"{region} offers {', '.join(SERVICES.values())}")


def _celebrities(bot: AwsBot, region: str) -> PreflightCheck:
    """Check that Rekognition recognizes celebrities in the region, which not every region with Rekognition offers."""
    name = "celebrities"
    # No endpoint list says so. A call with bytes that are no image costs nothing, and a region that offers the call
    # refuses the image.
    try:
        with bot.translate_errors():
            bot.client("rekognition").recognize_celebrities(Image={"Bytes": b"no picture"})
    except AwsError as problem:
        message = str(problem)
        if "InvalidImageFormat" in message or "InvalidParameter" in message:
            return PreflightCheck(name, "ok", f"Rekognition knows celebrities in {region}")
        says = f"not known whether {region} has them: {message}"
        if "No permission" in message:
            fix = "It is allowed without it: the functions have their own permissions"
            return PreflightCheck(name, "warning", says, fix)
        return PreflightCheck(name, "warning", says, _WITHOUT.format(stage=bot.name))
    return PreflightCheck(name, "ok", f"Rekognition knows celebrities in {region}")


_WITHOUT = "Without them: celebrities = false in [stages.{stage}.aws.detectors]; or name another --region"


def _bootstrapped(bot: AwsBot, where: Account) -> PreflightCheck:
    fix = f"Prepare it, once: twbot deploy --stage {bot.name} --bootstrap"
    environment = f"the account {where.id} in {where.region}"
    with bot.translate_errors():
        try:
            value = bot.client("ssm").get_parameter(Name=BOOTSTRAP)["Parameter"]["Value"]
        except failures.ClientError as error:
            if error_code(error) != "ParameterNotFound":
                raise
            says = f"{environment} is not prepared for CDK (bootstrapped)"
            return PreflightCheck("bootstrap", "wrong", says, fix, setup=True)
    if not value.isdigit() or int(value) < BOOTSTRAP_VERSION:
        says = f"{environment} was prepared for CDK long ago: version {value}, {BOOTSTRAP_VERSION} is needed"
        return PreflightCheck("bootstrap", "wrong", says, fix, setup=True)
    return PreflightCheck("bootstrap", "ok", f"{environment} is prepared for CDK, version {value}")


def _stacks_idle(bot: AwsBot) -> PreflightCheck:
    """Check that no stack is being changed, and that none is stuck in a failed state."""
    # ROLLBACK_COMPLETE is fine: the CDK command itself deletes a stack whose creation failed.
    found = stacks(bot)
    for stack in found:
        if stack.busy:
            fix = f"Wait until it has finished: twbot outputs --stage {bot.name}"
            return PreflightCheck(
                "stacks", "wrong", f"CloudFormation still works on {stack.name} ({stack.status})", fix
            )
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-continueupdaterollback.html
        if stack.status == "UPDATE_ROLLBACK_FAILED":
            fix = f"See why, put it right, then: aws cloudformation continue-update-rollback --stack-name {stack.name}"
            return PreflightCheck("stacks", "wrong", f"{stack.name} could neither be changed nor go back", fix)
        if stack.status == "DELETE_FAILED":
            fix = f"Finish it: twbot destroy --stage {bot.name}"
            return PreflightCheck("stacks", "wrong", f"{stack.name} could not be deleted", fix)
    says = f"{len(found)} deployed, none being changed" if found else "none deployed yet"
    return PreflightCheck("stacks", "ok", says)


def _secret(bot: AwsBot) -> PreflightCheck:
    client, name = bot.client("secretsmanager"), bot.config.secret
    with bot.translate_errors():
        try:
            client.describe_secret(SecretId=name)
        except failures.ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            fix = f"After deploying: twbot secrets set --stage {bot.name}"
            return PreflightCheck("keys", "warning", f"the secret {name} is not there yet", fix)
    return PreflightCheck("keys", "ok", f"the secret {name} is there")


def _own_secrets(bot: AwsBot) -> PreflightCheck:
    # A warning: a function may do without, and a stage may be deployed first.
    if missing := missing_secrets(bot):
        names = ", ".join(f"{each.name} (for {', '.join(each.used_by)})" for each in missing)
        return PreflightCheck("own secrets", "warning", f"not stored: {names}", "; ".join(each.fix for each in missing))
    return PreflightCheck("own secrets", "ok", f"{', '.join(named_secrets(bot_folder()))}: all there")


def first_wrong(found: list[PreflightCheck]) -> PreflightCheck | None:
    """Return the first check that failed; None if all passed."""
    return next((each for each in found if each.state == "wrong"), None)
