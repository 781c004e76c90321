"""The chats that get a stage's alerts from its notify function. Their addresses are in Parameter Store."""

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
from twbot.lambdas.aws.client_errors import error_code
from twbot.stacks.names import alert_addresses_name, function_name

# What a standard parameter holds.
# https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
MAX_PARAMETER_BYTES = 4096


class AwsWebhooks:
    """The chats of a stage. Raises AwsError, NotDeployed."""

    def __init__(self, bot: AwsBot) -> None:
        self._bot = bot
        self._parameter = alert_addresses_name(bot.config)

    @functools.cached_property
    def _parameters(self) -> Any:
        return self._bot.client("ssm")

    @functools.cached_property
    def _outcome_table(self) -> tuple[Any, str]:
        """Return the client and the name of the table that holds how the last alert to each chat went."""
        return self._bot.client("dynamodb"), self._bot.output("alerting", "ToldTableName")

    def subscribers(self) -> list[Subscriber]:
        return [self._subscriber(each) for each in self._read()]

    def add(self, subscription: Subscription) -> Subscriber:
        """Store a chat. It replaces one with the same address."""
        # Before the write: it raises NotDeployed where no function would ever read the address.
        subscriber = self._subscriber(subscription)
        self._write([*(each for each in self._read() if each.id != subscription.id), subscription])
        return subscriber

    def remove(self, subscriber: str) -> None:
        self._write([each for each in self._read() if each.id != subscriber])

    def test(self, only: str | None) -> dict[str, str | None]:
        """Send a sample alert to all chats, or to one. Returns each one's problem by its id; None where it arrived."""
        name = function_name(self._bot.config, "notify")
        with self._bot.translate_errors():
            answer = self._bot.client("lambda").invoke(FunctionName=name, Payload=msgspec.json.encode({"Test": only}))
        result = msgspec.json.decode(answer["Payload"].read())
        # Lambda answers 200 also where the function raised.
        # https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
        if "FunctionError" in answer:
            raise AwsError(f"The function {name} failed: {result.get('errorMessage', result['errorType'])}")
        return {each["Id"]: each["Problem"] for each in result}

    def _read(self) -> list[Subscription]:
        with self._bot.translate_errors():
            try:
                text = self._parameters.get_parameter(Name=self._parameter, WithDecryption=True)["Parameter"]["Value"]
            except ClientError as error:
                if error_code(error) != "ParameterNotFound":
                    raise
                return []
        try:
            return msgspec.json.decode(text, type=list[Subscription])
        except (msgspec.ValidationError, ValueError):  # not repeated: the text holds secret addresses
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

    def _subscriber(self, chat: Subscription) -> Subscriber:
        client, table = self._outcome_table
        with self._bot.translate_errors():
            outcome = client.get_item(TableName=table, Key={"id": {"S": PREFIX + chat.id}})
        last, problem = (outcome.get("Item", {}).get(name, {}).get("S") for name in ("time", "problem"))
        return Subscriber(id=chat.id, kind=chat.kind, address=chat.masked, last=last, problem=problem)
