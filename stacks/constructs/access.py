"""IAM permissions, and the reasons for exceptions to cdk-nag's rules."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Acknowledgment, Validations
from aws_cdk import aws_iam as iam
from constructs import IConstruct


def allow(grantee: iam.IGrantable, actions: Sequence[str], resources: Sequence[str]) -> None:
    """Allow these actions on these resources."""
    # CDK's own grant_… methods add wildcards to actions and resources.
    grantee.grant_principal.add_to_principal_policy(iam.PolicyStatement(actions=actions, resources=resources))


def acknowledge(construct: IConstruct, finding: str, reason: str) -> None:
    """Accept a finding of cdk-nag's AwsSolutions on a construct. `finding`: without the prefix, such as L1."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions-{finding}", reason=reason))
