"""AWS's errors in words: no credentials, a missing permission, a missing resource, throttling."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import botocore.exceptions as failures

from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.errors import ErrorKind, TwbotError

# Error codes that several services share.
# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
_WRONG = ("UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch")
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
_SLOW = ("Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded")
_ACTION = re.compile(r"perform: ([a-z0-9-]+:\w+)")


class AwsError(TwbotError):
    """AWS refused a call, or was not reached."""


class AwsNotConfigured(AwsError):
    """The credentials or the settings are wrong."""

    kind = ErrorKind.NOT_CONFIGURED


class NotDeployed(AwsError):
    """A resource of the stage does not exist: the stage is not deployed in this account and region."""

    kind = ErrorKind.NOT_FOUND

    def __init__(self, message: str, stage: str) -> None:
        super().__init__(message, f"Deploy it: twbot deploy --stage {stage}; or name another region: --region")


@contextlib.contextmanager
def translate_aws_errors(stage: str, *, missing: str | None = None) -> Iterator[None]:
    """Raise AwsError for a botocore error inside.

    `missing`: the message of the NotDeployed that is raised where AWS does not know the resource.
    """
    try:
        yield
    except failures.ClientError as error:
        raise _refused(error, stage, missing) from None
    except failures.ProfileNotFound as error:
        raise AwsNotConfigured(f"{error}.", "See them with: aws configure list-profiles") from None
    except (failures.NoRegionError, failures.InvalidRegionError):
        hint = f"Name it: --region, or region in [stages.{stage}.aws] of twbot.toml"
        raise AwsNotConfigured("No valid AWS region is named.", hint) from None
    except (failures.NoCredentialsError, failures.PartialCredentialsError, failures.TokenRetrievalError):
        raise AwsNotConfigured("There are no AWS credentials.", "Log in: aws login, or name --profile") from None
    except failures.SSOError:
        raise AwsNotConfigured("The AWS login has expired.", "Log in again: aws sso login") from None
    except failures.ParamValidationError as error:
        raise AwsError(f"AWS would not take that: {_first_line(error)}") from None
    except failures.BotoCoreError as error:
        raise AwsError(f"AWS cannot be reached: {type(error).__name__}.", "Check the network, and --region") from None


def _refused(error: failures.ClientError, stage: str, missing: str | None) -> AwsError:
    code, message = error_code(error), error.response["Error"].get("Message", "")
    if code in _EXPIRED:
        return AwsNotConfigured("The AWS credentials have expired.", "Log in again: aws login, or aws sso login")
    if code in _WRONG:
        clock = "; if they are right, check this machine's clock"
        return AwsNotConfigured("AWS does not know these credentials.", f"Check --profile{clock}")
    if code in _DENIED:
        action = _ACTION.search(message)
        needed = action.group(1) if action else _operation(error)
        return AwsError(f"No permission on AWS: {needed}.", f"Have {needed} allowed, or name another --profile")
    if code in _SLOW:
        return AwsError("AWS throttles: it was asked too often.", "Try again in a minute")
    # CloudFormation has no error code of its own for a missing stack.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
    if missing and (code == "ResourceNotFoundException" or (code == "ValidationError" and "does not exist" in message)):
        return NotDeployed(missing, stage)
    return AwsError(f"AWS refused {_operation(error)} ({code}): {message[:200]}")


def _first_line(error: failures.ParamValidationError) -> str:
    return str(error.kwargs.get("report", error)).splitlines()[0]


def _operation(error: failures.ClientError) -> str:
    return error.operation_name
