"""The code of each function: its bundle."""

from __future__ import annotations

from aws_cdk import AssetHashType
from aws_cdk import aws_lambda as lambda_

from twbot.stacks.bundling.bundle import bundle


def code_of(name: str) -> lambda_.Code:
    """The code of a function of stacks/functions.py; the same code has the same hash."""
    made = bundle(name)
    return lambda_.Code.from_asset(str(made.path), asset_hash=made.digest, asset_hash_type=AssetHashType.CUSTOM)
