"""Deployed rules: the port, and the choice of its adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.cli.operations.rules.records import DeployedRule


class DeployedRules(Protocol):
    """The rules as they are deployed. Raises TwbotError."""

    def deployed(self) -> list[DeployedRule]:
        """Return the declared rules, then those that only the bus has."""


def deployed_rules_of(target: Target) -> DeployedRules | None:
    """Return the deployed rules; None on `local`, where the bot reads the declared ones itself."""
    if target.is_local:
        return None
    from twbot.cli.operations.rules.aws import AwsRules

    return AwsRules(target.aws())
