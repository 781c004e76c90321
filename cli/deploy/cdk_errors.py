"""Translates the output of a failed CDK command into one error with its hint."""

from __future__ import annotations

import re
from typing import NamedTuple

from twbot.cli.deploy.cdk_progress import Event, event
from twbot.cli.operations.aws_errors import AwsError
from twbot.lambdas.errors import ErrorKind


class Kind(NamedTuple):
    """A kind of failure.

    `words` and `hint` are format strings: {stage}, {stack} (… if unknown) and the groups of `pattern`.
    """

    pattern: str
    """A regular expression that some line of the output matches."""
    words: str
    hint: str
    error_kind: ErrorKind = ErrorKind.FAILED


_CONTINUE = "aws cloudformation continue-update-rollback --stack-name {stack}"
_DELETE = "aws cloudformation delete-stack --stack-name {stack}"
STACK = "AWS::CloudFormation::Stack"
AGAIN = "Then type it again"
# The first kind that any line matches wins, so specific kinds come before general ones such as AccessDenied.
# The states: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
KINDS = (
    Kind(
        r"but the current credentials are for (?P<account>\d+)",
        "The AWS credentials are for the account {account}, the stage {stage} is for another.",
        "Name the right --profile, or change account in [stages.{stage}.aws] of twbot.toml",
        error_kind=ErrorKind.NOT_CONFIGURED,
    ),
    Kind(
        r"Unable to resolve AWS account|no credentials have been configured|Could not load credentials",
        "There are no AWS credentials.",
        "Log in: aws login, or name --profile",
        error_kind=ErrorKind.NOT_CONFIGURED,
    ),
    Kind(
        r"ExpiredToken|security token included in the request is expired|SSO session .* (?:has expired|is invalid)",
        "The AWS credentials have expired.",
        "Log in again: aws login, or aws sso login",
        error_kind=ErrorKind.NOT_CONFIGURED,
    ),
    Kind(
        r"security token included in the request is invalid|UnrecognizedClient|InvalidClientTokenId|SignatureDoesNot",
        "AWS does not know these credentials.",
        "Check --profile; if they are right, check this machine's clock",
        error_kind=ErrorKind.NOT_CONFIGURED,
    ),
    Kind(
        r"Has the environment been bootstrapped|not bootstrapped|requires bootstrap stack version|"
        r"No bucket named .*cdk-|Is account \S+ bootstrapped",
        "This account and region are not prepared for CDK (bootstrapped), or too long ago.",
        "Prepare them: twbot deploy --stage {stage} --bootstrap",
        error_kind=ErrorKind.NOT_CONFIGURED,
    ),
    Kind(
        r"not authorized to perform: (?P<action>[a-z0-9-]+:\w+)",
        "No permission on AWS: {action}.",
        "Have {action} allowed, or name another --profile",
    ),
    Kind(r"AccessDenied|Access Denied|Forbidden: null", "No permission on AWS.", "Name another --profile"),
    Kind(
        r"(?P<stack>twbot-[\w-]+)\S* .*?(?P<state>(?:UPDATE_)?ROLLBACK_FAILED|paused fail state)",
        "CloudFormation could neither change the stack {stack} nor go back.",
        f"See why, put it right, then: {_CONTINUE}",
    ),
    Kind(
        r"(?P<stack>twbot-[\w-]+)\S* .*?(?P<state>[A-Z_]+_IN_PROGRESS)",
        "CloudFormation still works on the stack {stack} ({state}).",
        "Wait until it has finished: twbot outputs --stage {stage}; then type it again",
    ),
    Kind(
        r"(?P<stack>twbot-[\w-]+)\S* .*?(?P<state>ROLLBACK_COMPLETE|DELETE_FAILED|REVIEW_IN_PROGRESS)",
        "The stack {stack} is in the state {state}, which cannot be changed any more.",
        f"Delete what is left of it: {_DELETE}; then type it again",
    ),
    Kind(
        r"(?P<problem>Template (?:format |validation )?error: .*|Unresolved resource dependencies .*)",
        "CloudFormation does not take a template. {problem}",
        "See the templates: twbot synth --stage {stage}",
    ),
    Kind(
        r"ENOTFOUND|ECONNREFUSED|ETIMEDOUT|ECONNRESET|EAI_AGAIN|getaddrinfo|socket hang up",
        "AWS cannot be reached.",
        "Check the network, and --region",
    ),
    Kind(
        r"Throttling|Rate exceeded|TooManyRequests", "AWS throttles: it was asked too often.", "Try again in a minute"
    ),
)
# Lines that a successful command prints, too.
_HARMLESS = re.compile(r"Proceeding anyway|^\s*(WARNING|Acknowledge|success:|start:)|(success|start): |^\s*$|^‣")


def problem(lines: list[str], stage: str) -> AwsError:
    """Return the error that the output of a failed command describes."""
    # Failed resources first: they have CloudFormation's own reason. Other lines only say that a stack failed.
    failures = [happened for line in lines if (happened := event(line)) is not None and happened.failed]
    if failures:
        return _rolled_back(min(failures, key=lambda each: (not each.reason, each.type == STACK)), stage)
    output = [line for line in lines if not _HARMLESS.search(line)]
    for kind in KINDS:
        for line in output:
            if (found := re.search(kind.pattern, line)) is not None:
                return _error(kind, {"stage": stage, "stack": "…", **found.groupdict()})
    last = (output or ["it said nothing."])[-1].strip()
    return AwsError(f"The CDK command failed: {last[:300]}", AGAIN)


def _error(kind: Kind, values: dict[str, str]) -> AwsError:
    return AwsError(kind.words.format_map(values), kind.hint.format_map(values), kind=kind.error_kind)


def _rolled_back(failed: Event, stage: str) -> AwsError:
    name = f"{failed.type.removeprefix('AWS::').replace('::', ' ')} {failed.path.partition('/')[2] or failed.path}"
    reason = re.sub(r" \(RequestToken: .*", "", failed.reason).strip() or failed.status
    if failed.status == "DELETE_FAILED":
        return AwsError(f"{failed.stack} is still there: {name} cannot be deleted: {reason}", _hint(reason, stage))
    at = "" if failed.type == STACK else f" at {name}"
    message = f"{failed.stack} failed{at}, and CloudFormation went back to what was before: {reason}"
    return AwsError(message, _hint(reason, stage))


def _hint(reason: str, stage: str) -> str:
    """Return what to do about CloudFormation's reason."""
    if (denied := re.search(r"not authorized to perform: ([a-z0-9-]+:\w+)", reason)) is not None:
        return f"Have {denied[1]} allowed, or name another --profile; then type it again"
    if "already exists" in reason:
        return f"Remove it, or deploy under another name: --stage; once it is gone: twbot deploy --stage {stage}"
    if "not empty" in reason:
        return f"Empty it: twbot destroy --stage {stage}"
    if re.search(r"[Ll]imit|[Qq]uota", reason):
        return "Ask AWS for more (Service Quotas), or remove something; then type it again"
    return f"Put it right, then: twbot deploy --stage {stage}"
