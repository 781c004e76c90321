"""What the CDK command says when it fails (lines of the real one), and what becomes of it."""

from __future__ import annotations

import pytest

from twbot.cli.deploy.cdk_errors import problem
from twbot.lambdas.errors import ErrorKind

NOISE = """
✨  Synthesis time: 0.31s

WARNING No cross-stack-reference strength configured, defaulting to "strong". (See: https://github.com/aws/aws-cdk)
   Acknowledge with 'Annotation::@aws-cdk/core:crossStackReferencesDefaultStrong'
twbot-prod-ingress: start: Building IngressFunction/Code
twbot-prod-ingress: success: Built IngressFunction/Code
current credentials could not be used to assume 'arn:aws:iam::1:role/cdk-deploy', but are for the right account. \
Proceeding anyway.
twbot-prod-plumbing: creating CloudFormation changeset...
""".splitlines()
ROLE = "arn:aws:sts::1:assumed-role/x"


@pytest.mark.parametrize(
    ("said", "words", "hint", "setup"),
    [
        (
            "Unable to resolve AWS account to use. It must be either configured when you define your CDK Stack, or "
            "through the environment",
            "There are no AWS credentials",
            "aws login",
            True,
        ),
        (
            "Need to perform AWS calls for account 123456789012, but no credentials have been configured",
            "There are no AWS credentials",
            "aws login",
            True,
        ),
        (
            "Need to perform AWS calls for account 123456789012, but the current credentials are for 210987654321",
            "are for the account 210987654321",
            "--profile",
            True,
        ),
        ("Assuming role failed: ExpiredToken", "have expired", "aws sso login", True),
        ("The security token included in the request is invalid.", "does not know these credentials", "clock", True),
        (
            "twbot-prod-plumbing: SSM parameter /cdk-bootstrap/hnb659fds/version not found in aws://1/us-east-1. Has "
            "the environment been bootstrapped? Please run 'cdk bootstrap'",
            "bootstrapped",
            "twbot deploy --stage prod --bootstrap",
            True,
        ),
        (
            f"User: {ROLE} is not authorized to perform: cloudformation:CreateChangeSet on resource: x",
            "No permission on AWS: cloudformation:CreateChangeSet",
            "cloudformation:CreateChangeSet allowed",
            False,
        ),
        (
            "Template format error: Unrecognized resource types: [AWS::Events::Archive]",
            "Unrecognized resource types: [AWS::Events::Archive]",
            "twbot synth",
            False,
        ),
        (
            "Stack:arn:aws:cloudformation:us-east-1:1:stack/twbot-prod-egress/x is in UPDATE_IN_PROGRESS state and can "
            "not be updated.",
            "still works on the stack twbot-prod-egress",
            "Wait",
            False,
        ),
        (
            "Stack:arn:aws:cloudformation:us-east-1:1:stack/twbot-prod-egress/x is in UPDATE_ROLLBACK_FAILED state and "
            "can not be updated.",
            "nor go back",
            "continue-update-rollback --stack-name twbot-prod-egress",
            False,
        ),
        (
            "Stack:arn:aws:cloudformation:us-east-1:1:stack/twbot-prod-egress/x is in ROLLBACK_COMPLETE state and can "
            "not be updated.",
            "ROLLBACK_COMPLETE",
            "delete-stack --stack-name twbot-prod-egress",
            False,
        ),
        ("getaddrinfo ENOTFOUND sts.us-east-9.amazonaws.com", "cannot be reached", "--region", False),
        ("Rate exceeded", "throttles", "Try again", False),
        ("Something nobody has seen", "Something nobody has seen", "again", False),
    ],
)
def test_each_failure_in_its_own_words(said: str, words: str, hint: str, setup: bool) -> None:
    """One error, the next thing to type, and whether credentials or settings are what is wrong."""
    told = problem([*NOISE, said, "", "‣ ToolkitError: and again in other words"], "prod")
    assert words in str(told)
    assert hint in str(told.hint)
    assert (told.kind is ErrorKind.NOT_CONFIGURED) is setup


def test_what_cloudformation_took_back() -> None:
    """The first resource that failed is named with its reason; those that were only cancelled are not."""
    lines = [
        *NOISE,
        "twbot-prod-egress | 3/11 | 8:18:15 AM | CREATE_FAILED        | AWS::SQS::Queue | Egress-prod/Dead (Dead1) "
        "Resource creation cancelled",
        "twbot-prod-egress | 3/11 | 8:18:15 AM | CREATE_FAILED        | AWS::SQS::Queue | Egress-prod/Tweets (Tweets2) "
        "twbot-prod-tweets already exists in stack x (RequestToken: 1, HandlerErrorCode: AlreadyExists)",
        "twbot-prod-egress | 4/11 | 8:18:16 AM | ROLLBACK_IN_PROGRESS | AWS::CloudFormation::Stack | x ",
        " ❌  Egress-prod (twbot-prod-egress) failed: DeploymentError: The stack named twbot-prod-egress failed "
        "creation, it may need to be manually deleted from the AWS console: ROLLBACK_COMPLETE",
    ]
    told = problem(lines, "prod")
    assert str(told) == (
        "twbot-prod-egress failed at SQS Queue Tweets, and CloudFormation went back to what was before: "
        "twbot-prod-tweets already exists in stack x"
    )
    assert "twbot deploy --stage prod" in str(told.hint)


def test_a_permission_that_the_deployment_lacks_is_named() -> None:
    """Also where a resource's failure says so."""
    line = (
        "twbot-prod-egress | 3/11 | 8:18:15 AM | CREATE_FAILED | AWS::SQS::Queue | Egress-prod/Tweets (Tweets2) "
        f"User: {ROLE} is not authorized to perform: sqs:CreateQueue on resource: x"
    )
    assert "sqs:CreateQueue allowed" in str(problem([line], "prod").hint)


def test_a_bucket_that_is_not_empty() -> None:
    """What could not be deleted is still there."""
    line = (
        "twbot-test-analytics | 3 | 8:18:15 AM | DELETE_FAILED | AWS::S3::Bucket | Analytics-test/Lake (Lake5F1B88EA) "
        "The bucket you tried to delete is not empty"
    )
    told = problem([line], "test")
    assert "still there: S3 Bucket Lake cannot be deleted: The bucket you tried to delete is not empty" in str(told)
    assert "twbot destroy --stage test" in str(told.hint)
