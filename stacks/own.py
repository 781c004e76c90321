"""Own stack: the rules of the bot's folder, each with its function or address, and the functions of its steps."""

from __future__ import annotations

import hashlib
import json

from aws_cdk import CfnOutput
from aws_cdk import aws_iam as iam
from constructs import Construct

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.folder.records import OwnRule
from twbot.lambdas.own.addresses import Address, address_on_aws
from twbot.lambdas.wiring import OWN, own_rule
from twbot.stacks.analysis import Analysis
from twbot.stacks.config import StageConfig
from twbot.stacks.constructs.function import Function, behaviour
from twbot.stacks.constructs.rules import DeadLetters, WiredRule, delivery_role, grant_rule_invoke
from twbot.stacks.constructs.service import Service
from twbot.stacks.functions import step_function
from twbot.stacks.own_access import grant_own
from twbot.stacks.plumbing import Plumbing


class Own(Service):
    """Each rule with its function or address, a function for each step, and one queue of dead letters."""

    def __init__(self, scope: Construct, stage: StageConfig, plumbing: Plumbing, analysis: Analysis) -> None:
        super().__init__(scope, OWN.title(), stage)
        self._stage, self._plumbing, self._analysis = stage, plumbing, analysis
        self._environment = {
            **plumbing.function_environment,
            "MEDIA_BUCKET": analysis.media.bucket_name,
            "SETTINGS": behaviour(stage),
        }
        self._dead_letters = DeadLetters(self, stage, OWN)
        for rule in bot_folder().rules:
            address = address_on_aws(rule.to)
            if address is None:
                self._call(rule)
            else:
                self._send(rule, address)
        for step in bot_folder().steps:
            # The workflow waits for its answer, and keeps the message where it fails.
            function = Function(self, step_function(step), stage, {**self._environment, "OWN_STEP": step.name})
            grant_own(function, stage, plumbing, analysis)

    def _call(self, rule: OwnRule) -> None:
        if rule.to is not None and not rule.to.startswith("https://"):
            hint = "Name an https:// address; one of this machine is for the stage local"
            raise TwbotError(f"twbot.toml: the rule {rule.name} sends to {rule.to}, which AWS does not reach.", hint)
        name = own_rule(rule).target
        environment = {**self._environment, "OWN_RULE": rule.name}
        function = Function(self, name, self._stage, environment, dead_letters=self._dead_letters)
        grant_own(function, self._stage, self._plumbing, self._analysis)
        grant_rule_invoke(function, self._wired(rule, function.function_arn))

    def _send(self, rule: OwnRule, address: Address) -> None:
        """Send to a resource outside: the role is our side's permission, the output the other side's."""
        if self._stage.aws.region:
            address.check_region(self._stage.aws.region)
        # A role serves all of these, also in another account:
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-cross-account.html
        role = delivery_role(self, f"{rule.name}-DeliveryRole", [address.action], address.arn)
        self._wired(rule, address.arn, role)
        policy = json.dumps(address.policy(role.role_arn))
        description = f"For {address.arn}, in another account."
        CfnOutput(self, f"PolicyFor{_title(rule.name)}", value=policy, description=description)

    def _wired(self, rule: OwnRule, target: str, role: iam.IRole | None = None) -> WiredRule:
        return WiredRule(
            self,
            rule.name,
            self._stage,
            bus=self._plumbing.bus,
            target=target,
            dead_letters=self._dead_letters,
            role=role,
        )


def _title(name: str) -> str:
    """Return a rule's name as a part of an output's, which has no hyphens: hook-a is HookA."""
    title = "".join(word.title() for word in name.split("-"))
    # hook-1 and hook1 would be the same.
    is_clear = "".join(f"-{each.lower()}" if each.isupper() else each for each in title)[1:] == name
    return title if is_clear else f"{title}{hashlib.sha256(name.encode()).hexdigest()[:8]}"
