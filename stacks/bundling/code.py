"""The code of each function as a CDK asset."""

from __future__ import annotations

from aws_cdk import AssetHashType
from aws_cdk import aws_lambda as lambda_

from twbot.stacks.bundling.bundle import bundle


def code_of(name: str) -> lambda_.Code:
    """Return the code of a function of stacks/functions.py."""
    built = bundle(name)
    # Hashed by content: bundles with the same files make no update of the function.
    return lambda_.Code.from_asset(str(built.path), asset_hash=built.digest, asset_hash_type=AssetHashType.CUSTOM)
