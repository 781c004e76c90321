"""Deployed rules: the port, and what stands behind it on either platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.cli.operations.rules.records import DeployedRule


class DeployedRules(Protocol):
    """The rules as they are where the bot runs."""

    def deployed(self) -> list[DeployedRule]: ...


def deployed_rules_of(target: Target) -> DeployedRules | None:
    """None on `local`: there the bot runs by the wiring itself."""
    if target.is_local:
        return None
    from twbot.cli.operations.rules.aws import AwsRules

    return AwsRules(target.aws())
