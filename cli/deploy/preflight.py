"""What has to be right before a stage can be deployed, each check with its fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import boto3
import botocore.exceptions as failures
import msgspec

from twbot.cli.deploy.deployed_stacks import stacks
from twbot.cli.doctor import check
from twbot.cli.operations.aws_errors import AwsError
from twbot.cli.operations.aws_stage import AwsBot

BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
BOOTSTRAP_VERSION = 6
SERVICES = {"rekognition": "Rekognition", "comprehend": "Comprehend", "lexv2-models": "Lex V2"}


class Check(check.Check, frozen=True):
    """`setup`: credentials or settings are what is wrong."""

    setup: bool = False


class Account(msgspec.Struct, frozen=True):
    """Where a command acts."""

    id: str
    region: str
    who: str


def account(bot: AwsBot) -> Account:
    """Where the credentials lead. Raises AwsProblem without credentials or region, or where it is another account's."""
    with bot.translate_errors():
        sts = bot.client("sts")
        identity = sts.get_caller_identity()
    found = Account(identity["Account"], sts.meta.region_name, identity["Arn"].partition(":")[2].rpartition(":")[2])
    wanted = bot.config.aws.account
    if wanted not in (None, found.id):
        words = f"The AWS credentials are for the account {found.id}, the stage {bot.name} is for {wanted}."
        hint = f"Name the right --profile, or change account in [stages.{bot.name}.aws] of twbot.toml"
        raise AwsError(words, hint, setup=True)
    return found


def checks(bot: AwsBot, where: Account) -> Iterator[Check]:
    """All that can be wrong besides the credentials, as it is found out."""
    yield Check("credentials", "ok", f"{where.who} in the account {where.id}")
    yield _offered(where.region)
    if bot.config.aws.detectors.celebrities:
        yield _asked("celebrities", lambda: _celebrities(bot, where.region))
    yield _asked("bootstrap", lambda: _bootstrapped(bot, where))
    yield _asked("stacks", lambda: _at_rest(bot))
    yield _asked("keys", lambda: _secret(bot))


def _asked(name: str, ask: Callable[[], Check]) -> Check:
    """What cannot be asked is no reason to stop: the deployment will tell."""
    try:
        return ask()
    except AwsError as problem:
        return Check(name, "warning", str(problem), problem.hint)


def _offered(region: str) -> Check:
    """By botocore's own list of endpoints: no question to AWS."""
    session = boto3.Session()
    where = {name: set(session.get_available_regions(service)) for service, name in SERVICES.items()}
    missing = [name for name, regions in where.items() if region not in regions]
    if missing:
        everywhere = ", ".join(sorted(set.intersection(*where.values())))
        says = f"{region} does not offer {' and '.join(missing)}"
        return Check("region", "wrong", says, f"Name another: --region; all of it is in {everywhere}", setup=True)
    return Check("region", "ok", f"{region} offers {', '.join(SERVICES.values())}")


def _celebrities(bot: AwsBot, region: str) -> Check:
    """Rekognition is asked about what is no picture: who offers the call finds fault with that, at no cost."""
    name = "celebrities"
    try:
        with bot.translate_errors():
            bot.client("rekognition").recognize_celebrities(Image={"Bytes": b"no picture"})
    except AwsError as problem:
        said = str(problem)
        if "InvalidImageFormat" in said or "InvalidParameter" in said:
            return Check(name, "ok", f"Rekognition knows celebrities in {region}")
        if "No permission" in said:
            fix = "It is allowed without it: the functions have their own permissions"
            return Check(name, "warning", f"not known whether {region} has them: {said}", fix)
        return Check(name, "warning", f"not known whether {region} has them: {said}", _WITHOUT.format(stage=bot.name))
    return Check(name, "ok", f"Rekognition knows celebrities in {region}")


_WITHOUT = "Without them: celebrities = false in [stages.{stage}.aws.detectors]; or name another --region"


def _bootstrapped(bot: AwsBot, where: Account) -> Check:
    fix = f"Prepare it, once: twbot deploy --stage {bot.name} --bootstrap"
    there = f"the account {where.id} in {where.region}"
    with bot.translate_errors():
        try:
            value = bot.client("ssm").get_parameter(Name=BOOTSTRAP)["Parameter"]["Value"]
        except failures.ClientError as error:
            if error.response["Error"]["Code"] != "ParameterNotFound":
                raise
            return Check("bootstrap", "wrong", f"{there} is not prepared for CDK (bootstrapped)", fix, setup=True)
    if not value.isdigit() or int(value) < BOOTSTRAP_VERSION:
        says = f"{there} was prepared for CDK long ago: version {value}, {BOOTSTRAP_VERSION} is needed"
        return Check("bootstrap", "wrong", says, fix, setup=True)
    return Check("bootstrap", "ok", f"{there} is prepared for CDK, version {value}")


def _at_rest(bot: AwsBot) -> Check:
    """No stack is being changed, or stuck. What failed when it was made first, the CDK command removes by itself."""
    found = stacks(bot)
    for stack in found:
        if stack.busy:
            fix = f"Wait until it has finished: twbot outputs --stage {bot.name}"
            return Check("stacks", "wrong", f"CloudFormation still works on {stack.name} ({stack.status})", fix)
        if stack.status == "UPDATE_ROLLBACK_FAILED":
            fix = f"See why, put it right, then: aws cloudformation continue-update-rollback --stack-name {stack.name}"
            return Check("stacks", "wrong", f"{stack.name} could neither be changed nor go back", fix)
        if stack.status == "DELETE_FAILED":
            fix = f"Finish it: twbot destroy --stage {bot.name}"
            return Check("stacks", "wrong", f"{stack.name} could not be deleted", fix)
    return Check("stacks", "ok", f"{len(found)} deployed, none being changed" if found else "none deployed yet")


def _secret(bot: AwsBot) -> Check:
    client, name = bot.client("secretsmanager"), bot.config.secret
    with bot.translate_errors():
        try:
            client.describe_secret(SecretId=name)
        except failures.ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            fix = f"After deploying: twbot secrets set --stage {bot.name}"
            return Check("keys", "warning", f"the secret {name} is not there yet", fix)
    return Check("keys", "ok", f"the secret {name} is there")


def first_wrong(found: list[Check]) -> Check | None:
    return next((each for each in found if each.state == "wrong"), None)
