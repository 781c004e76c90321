"""An account for the handlers: what the stacks make, in moto, reachable from the process of a bundle."""

from __future__ import annotations

import base64
import hmac
from pathlib import Path
from typing import Any

import boto3
import msgspec

from tests.support.bundles import Bundles, Ran
from tests.support.loopback_aws import REGION, LoopbackAws
from twbot.lambdas.ingress.signature import HEADER
from twbot.lambdas.ports import Keys

BOT = "1111111111111111111"
KEYS = Keys(api_key="key", api_secret="the-api-secret", access_token=f"{BOT}-token", access_token_secret="hidden")


class Account:
    """Resources, and what a function is told of them."""

    def __init__(self, aws: LoopbackAws, bundles: Bundles, folder: Path) -> None:
        self.aws, self._bundles, self._folder = aws, bundles, folder
        self._runs = 0
        sqs, self.dynamodb = self.client("sqs"), self.client("dynamodb")
        self.client("events").create_event_bus(Name="Plumbing")
        self.client("s3").create_bucket(Bucket="media")
        for table in ("seen", "sent", "replies"):
            self.dynamodb.create_table(
                TableName=table,
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        self.queue, self.dead, self.bus = (
            sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("tweets", "dead", "bus")
        )
        self.put_keys(KEYS, new=True)
        self._listen()
        self.environment = {
            "AWS_ENDPOINT_URL": aws.url,
            "BUS_NAME": "Plumbing",
            "SEEN_TABLE": "seen",
            "SENT_TABLE": "sent",
            "REPLIES_TABLE": "replies",
            "MEDIA_BUCKET": "media",
            "SECRET_NAME": "TwitterSecret",
            "QUEUE_URL": self.queue,
            "DEAD_LETTER_QUEUE_URL": self.dead,
            "SETTINGS": "{}",
        }

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service, region_name=REGION)

    def put_keys(self, keys: Keys, *, new: bool = False) -> None:
        secrets = self.client("secretsmanager")
        text = msgspec.json.encode(keys).decode()
        if new:
            secrets.create_secret(Name="TwitterSecret", SecretString=text)
        else:
            secrets.put_secret_value(SecretId="TwitterSecret", SecretString=text)

    def run(self, name: str, *events: Any, **environment: str) -> Ran:
        """One container of a function, from its bundle."""
        self._runs += 1
        out = self._folder / f"results-{self._runs}.json"
        return self._bundles.run(name, *events, environment={**self.environment, **environment}, out=out)

    def on_the_bus(self) -> list[dict[str, Any]]:
        """The events that EventBridge delivered since this was asked last."""
        return [msgspec.json.decode(message["Body"]) for message in self.messages(self.bus)]

    def messages(self, queue: str) -> list[dict[str, Any]]:
        sqs, found = self.client("sqs"), list[dict[str, Any]]()
        while more := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
            "Messages"
        ):
            found += more
            for message in more:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def _listen(self) -> None:
        events = self.client("events")
        events.put_rule(Name="all", EventBusName="Plumbing", EventPattern='{"source": ["TWITTER", "BOT"]}')
        target = {"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:123456789012:bus"}
        events.put_targets(Rule="all", EventBusName="Plumbing", Targets=[target])


def request(body: str, *, raw: bytes | None = None, secret: str = KEYS.api_secret, **other: Any) -> dict[str, Any]:
    """A signed POST as API Gateway hands it over: as text, or `raw` bytes as base64."""
    signed = body.encode() if raw is None else raw
    signature = base64.b64encode(hmac.digest(secret.encode(), signed, "sha256")).decode()
    headers = {"Content-Type": "application/json", HEADER.title(): f"sha256={signature}"}
    text = body if raw is None else base64.b64encode(raw).decode()
    return {"httpMethod": "POST", "headers": headers, "body": text, "isBase64Encoded": raw is not None, **other}
