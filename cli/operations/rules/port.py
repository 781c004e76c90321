"""Rules as they are deployed, and their deliveries: the port, and the choice of its adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twbot.cli.operations.target import Target

if TYPE_CHECKING:
    from twbot.cli.operations.rules.records import DeliveryCount, DeployedRule


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


def delivery_counts_of(target: Target) -> list[DeliveryCount] | None:
    """Return how the deliveries to each rule stand; None on AWS, where EventBridge tells of no single one.

    Raises TwbotError.
    """
    if not target.is_local:
        return None
    from twbot.cli.operations.rules.local import delivery_counts

    return delivery_counts(target.folder())
