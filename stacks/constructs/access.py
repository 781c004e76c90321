"""IAM permissions, and the reasons for exceptions to cdk-nag's rules."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Acknowledgment, Aws, Validations
from aws_cdk import aws_iam as iam
from constructs import IConstruct

FROM_THIS_ACCOUNT = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}


def service_principal(service: str) -> iam.PrincipalBase:
    """Return an AWS service that acts for this account, so that no other account can use it as a deputy."""
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    return iam.ServicePrincipal(service).with_conditions(FROM_THIS_ACCOUNT)


def allow(grantee: iam.IGrantable, actions: Sequence[str], resources: Sequence[str]) -> None:
    """Allow these actions on these resources."""
    # CDK's own grant_… methods add wildcards to actions and resources.
    grantee.grant_principal.add_to_principal_policy(iam.PolicyStatement(actions=actions, resources=resources))


def acknowledge(construct: IConstruct, finding: str, reason: str) -> None:
    """Accept a finding of cdk-nag's AwsSolutions on a construct. `finding`: without the prefix, such as L1."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions-{finding}", reason=reason))
