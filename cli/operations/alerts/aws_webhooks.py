"""The chats that hear of a stage's alerts: their addresses in Parameter Store, told by the notify function."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from twbot.cli.operations.alerts.records import Subscriber
from twbot.cli.operations.aws_errors import AwsError
from twbot.cli.operations.aws_stage import AwsBot
from twbot.lambdas.alerting.subscription import Subscription
from twbot.lambdas.aws.alert_outcomes import PREFIX
from twbot.stacks.names import alert_addresses_name, function_name

MAX_PARAMETER_BYTES = 4096


class AwsWebhooks:
    """Raises AwsProblem, NotDeployed."""

    def __init__(self, bot: AwsBot) -> None:
        self._bot = bot
        self._parameter = alert_addresses_name(bot.config)

    @functools.cached_property
    def _parameters(self) -> Any:
        return self._bot.client("ssm")

    @functools.cached_property
    def _told(self) -> tuple[Any, str]:
        """The table of who was told, and how that went. Raises NotDeployed."""
        return self._bot.client("dynamodb"), self._bot.output("alerting", "ToldTableName")

    def subscribers(self) -> list[Subscriber]:
        return [self._shown(each) for each in self._read()]

    def add(self, wanted: Subscription) -> Subscriber:
        """In the place of the one with the same address, if there is one."""
        shown = self._shown(wanted)  # first: a stage that is not deployed tells nobody
        self._write([*(each for each in self._read() if each.id != wanted.id), wanted])
        return shown

    def remove(self, subscriber: str) -> None:
        self._write([each for each in self._read() if each.id != subscriber])

    def test(self, only: str | None) -> dict[str, str | None]:
        """What went wrong with each, by the subscriber's id; None where nothing did."""
        name = function_name(self._bot.config, "notify")
        with self._bot.translate_errors():
            answer = self._bot.client("lambda").invoke(FunctionName=name, Payload=msgspec.json.encode({"Test": only}))
        said = msgspec.json.decode(answer["Payload"].read())
        if "FunctionError" in answer:
            raise AwsError(f"The function {name} failed: {said.get('errorMessage', said['errorType'])}")
        return {each["Id"]: each["Problem"] for each in said}

    def _read(self) -> list[Subscription]:
        with self._bot.translate_errors():
            try:
                found = self._parameters.get_parameter(Name=self._parameter, WithDecryption=True)["Parameter"]["Value"]
            except ClientError as error:
                if error.response["Error"]["Code"] != "ParameterNotFound":
                    raise
                return []
        try:
            return msgspec.json.decode(found, type=list[Subscription])
        except (msgspec.ValidationError, ValueError):
            raise AwsError(f"The parameter {self._parameter} does not list subscriptions.") from None

    def _write(self, chats: Sequence[Subscription]) -> None:
        text = msgspec.json.encode(chats).decode()
        if len(text) > MAX_PARAMETER_BYTES:
            raise AwsError(f"The addresses do not fit into the parameter {self._parameter}: 4 KB.", "Remove one first")
        with self._bot.translate_errors():
            if chats:
                self._parameters.put_parameter(Name=self._parameter, Value=text, Type="SecureString", Overwrite=True)
            else:
                self._parameters.delete_parameter(Name=self._parameter)

    def _shown(self, one: Subscription) -> Subscriber:
        client, table = self._told
        with self._bot.translate_errors():
            found = client.get_item(TableName=table, Key={"id": {"S": PREFIX + one.id}})
        last, problem = (found.get("Item", {}).get(name, {}).get("S") for name in ("time", "problem"))
        return Subscriber(id=one.id, kind=one.kind, address=one.masked, last=last, problem=problem)
