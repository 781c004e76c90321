"""Compares the rules of a stage's bus with those of lambdas/wiring.py."""

from __future__ import annotations

from typing import Any

import msgspec

from twbot.cli.operations.aws_errors import translate_aws_errors
from twbot.cli.operations.aws_stage import AwsBot
from twbot.cli.operations.rules.records import DeployedRule, compared
from twbot.lambdas.wiring import rules
from twbot.stacks.names import bus_name, rule_name


class AwsRules:
    def __init__(self, bot: AwsBot) -> None:
        self._bot = bot

    def deployed(self) -> list[DeployedRule]:
        """Return the rules in the order of the wiring, then those that only the bus has. Raises AwsError."""
        stage = self._bot.config
        declared = {rule_name(stage, rule.name): (rule.name, rule.pattern) for rule in rules()}
        return compared(declared, self._found(bus_name(stage)))

    def _found(self, bus: str) -> dict[str, tuple[str, Any]]:
        """Return the state and the pattern of each rule by its name on the bus."""
        client = self._bot.client("events")
        missing = f"The stage {self._bot.name} is not deployed in {client.meta.region_name}: it has no event bus {bus}."
        with translate_aws_errors(self._bot.name, missing=missing):
            pages = client.get_paginator("list_rules").paginate(EventBusName=bus)
            # The archive makes a rule of its own, which AWS manages.
            # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html
            found = [each for page in pages for each in page["Rules"] if not each.get("ManagedBy")]
        return {each["Name"]: (each["State"], _pattern(each.get("EventPattern"))) for each in found}


def _pattern(text: str | None) -> Any:
    return msgspec.json.decode(text) if text else None
