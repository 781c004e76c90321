"""The handlers of AWS in one process: moto's services, SQS's real visibility, invocations that die at any call."""

from __future__ import annotations

import base64
import contextlib
import hmac
import io
import json
import os
import random
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.prove.fake_x import FAULTS, FakeX
from tests.support.bundles import AWS_OF_TESTS
from twbot.lambdas.wiring import RULES
from twbot.local.bus.patterns import CompiledPattern, compile_pattern

Json = dict[str, Any]
REGION = "us-east-1"
BOT = "1111111111111111111"
SECRET = "the-api-secret"
KEYS = {"ApiKey": "k", "ApiSecret": SECRET, "AccessToken": f"{BOT}-token", "AccessTokenSecret": "hidden"}
# Of the queue of replies; an invocation that died gives its messages back after it.
VISIBILITY = 2
QUEUES = {"QUEUE": VISIBILITY, "DEAD_LETTER_QUEUE": 1, "BUS_QUEUE": 1, "TOLD_QUEUE": 1}
BATCH = 5


class Death(BaseException):
    """The execution environment ends here."""


class Context:
    """What Lambda tells a function. One second remains, after which the locks of one that died are free."""

    aws_request_id, function_name, memory_limit_in_mb = "r", "tried", 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:tried"

    def get_remaining_time_in_millis(self) -> int:
        return 1000


class Chance:
    """What fails, by a seed. `share`: of the calls that fail; the same again die."""

    def __init__(self, seed: random.Random) -> None:
        self._random = seed
        self.share = 0.0
        self.deaths = 0

    def at_aws(self) -> str:
        drawn = self._random.random()
        for kind in ("fails", "unheard", "death before", "death after"):
            if (drawn := drawn - self.share / 4) < 0:
                return kind
        return ""

    def at_x(self) -> str:
        return self._random.choice(FAULTS) if self._random.random() < self.share * 4 else ""

    def die(self) -> None:
        self.deaths += 1
        raise Death


class Account:
    """The functions ingress, complete, text and egress, and what AWS's services do between them."""

    def __init__(self, chance: Chance, x: FakeX) -> None:
        from twbot.lambdas.aws import clients, publisher
        from twbot.lambdas.aws.handlers import alert, complete, egress, ingress, text

        self.chance, self.x = chance, x
        self._modules: list[ModuleType] = [alert, complete, egress, ingress, text, publisher]
        self._ingress, self._egress = ingress.handler, egress.handler
        self._functions = {
            "complete-posts": complete.handler,
            "answer-texts": text.handler,
            "alert-on-negative": alert.handler,
        }
        self._rules: dict[str, CompiledPattern] = {rule.name: compile_pattern(rule.pattern) for rule in RULES}
        self.archive: list[Json] = []
        self.pending: list[tuple[str, Json]] = []
        """Events that a target did not take yet: EventBridge and Lambda deliver them again."""
        self.failed: Counter[str] = Counter()
        """How often each rule's function raised or died."""
        self.last_error = ""
        clients.client.cache_clear()
        self.restart()
        for service in ("dynamodb", "events", "sns", "sqs", "secretsmanager", "s3"):
            self._watch(clients.client(service))
        self._own = boto3.client("sqs", region_name=REGION)
        self._queues = {
            name: os.environ[f"{name}_URL"] for name in ("QUEUE", "DEAD_LETTER_QUEUE", "BUS_QUEUE", "TOLD_QUEUE")
        }

    def _watch(self, client: Any) -> None:
        """Let each call of a client fail by the plan, before it acts or after it."""
        client.meta.events.register("before-call", self._before)
        client.meta.events.register("after-call", self._after)

    def _before(self, model: Any, context: Any, **_: Any) -> None:
        fault = context["fault"] = self.chance.at_aws()
        if fault == "death before":
            self.chance.die()
        if fault == "fails":
            raise _refusal(model.name)

    def _after(self, model: Any, context: Any, **_: Any) -> None:
        if context.get("fault") == "death after":
            self.chance.die()
        if context.get("fault") == "unheard":
            raise _refusal(model.name)

    def _invoke(self, handler: Callable[[Json, Any], Any], event: Json) -> Any:
        """Invoke a function. Return its answer; None where it raised or died, after which it starts anew."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                return handler(event, Context()) or {}
        except Death:
            self.restart()
        except Exception as error:  # Lambda tries again
            self.last_error = repr(error)
        return None

    def restart(self) -> None:
        """Forget what an execution environment keeps: its adapters, not AWS's clients."""
        for module in self._modules:
            for value in vars(module).values():
                if hasattr(value, "cache_clear") and value.__module__ == module.__name__:
                    value.cache_clear()

    def webhook(self, body: Json) -> int:
        """Deliver a body, as API Gateway does. Return the status, 502 where the function died."""
        raw = json.dumps(body).encode()
        signature = "sha256=" + base64.b64encode(hmac.digest(SECRET.encode(), raw, "sha256")).decode()
        headers = {"X-Twitter-Webhooks-Signature": signature}
        request = {"httpMethod": "POST", "headers": headers, "body": raw.decode(), "isBase64Encoded": False}
        answer = self._invoke(self._ingress, request)
        return int(answer["statusCode"]) if answer else 502

    def replay(self, name: str) -> None:
        """Deliver what people wrote again, under a replay's name."""
        for event in [each for each in self.archive if each["detail-type"] == "MESSAGE_RECEIVED"]:
            self._route({**event, "replay-name": name})

    def redrive(self) -> int:
        """Put the replies that were given up back into their queue. Return how many."""
        letters = self._take(self._queues["DEAD_LETTER_QUEUE"])
        for letter in letters:
            self._own.send_message(QueueUrl=self._queues["QUEUE"], MessageBody=letter["Body"])
        return len(letters)

    def work(self) -> None:
        """Deliver what waits on the bus, at functions and in the queue, each once."""
        for message in self._take(self._queues["BUS_QUEUE"]):
            event = json.loads(message["Body"])
            self.archive.append(event)
            self._route(event)
        pending, self.pending = self.pending, []
        for rule, event in pending:
            if self._targets(rule, event) is None:
                self.pending.append((rule, event))
        self._poll()

    @property
    def waits(self) -> bool:
        """Whether anything is under way."""
        asked = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = [
            int(number)
            for name in ("QUEUE", "BUS_QUEUE")
            for number in self._own.get_queue_attributes(QueueUrl=self._queues[name], AttributeNames=asked)[
                "Attributes"
            ].values()
        ]
        return bool(self.pending) or any(counts)

    def told(self) -> list[str]:
        """Return the first versions of the posts that people were alerted to since this was asked last."""
        messages = self._take(self._queues["TOLD_QUEUE"])
        return [str(re.search(r"status/(\d+)", message["Body"])[1]) for message in messages]  # type: ignore[index]

    def _route(self, event: Json) -> None:
        for name, pattern in self._rules.items():
            if pattern(event) and name in (*self._functions, "analyse-messages", "send-tweets"):
                self.pending.append((name, event))

    def _targets(self, rule: str, event: Json) -> Any:
        if rule == "analyse-messages":
            return self._analyse(event)
        if rule in self._functions:
            answer = self._invoke(self._functions[rule], event)
            self.failed[rule] += answer is None
            return answer
        return self._own.send_message(QueueUrl=self._queues["QUEUE"], MessageBody=json.dumps(event))

    def _analyse(self, event: Json) -> Json:
        """What the workflow publishes: the message with its analysis, and the name of the replay that caused it."""
        sentiment = "NEGATIVE" if "angry" in event["detail"]["Text"] else "NEUTRAL"
        detail = {**event["detail"], "Analysis": {"TextSentiment": sentiment}}
        if name := event.get("replay-name"):
            detail["ReplayName"] = name
        analysed = {**event, "id": str(uuid.uuid4()), "source": "BOT", "detail-type": "MESSAGE_ANALYSED"}
        analysed = {key: value for key, value in analysed.items() if key != "replay-name"} | {"detail": detail}
        self._route(analysed)
        return analysed

    def _poll(self) -> None:
        """What Lambda's poller does: a batch to the function; what it did not report as failed leaves the queue."""
        received = self._own.receive_message(
            QueueUrl=self._queues["QUEUE"],
            MaxNumberOfMessages=BATCH,
            AttributeNames=["All"],
        ).get("Messages", [])
        answer = self._invoke(self._egress, {"Records": list(map(_record, received))}) if received else None
        if answer is None:
            return
        failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        for message in received:
            if message["MessageId"] not in failed:
                self._own.delete_message(QueueUrl=self._queues["QUEUE"], ReceiptHandle=message["ReceiptHandle"])

    def _take(self, queue: str) -> list[Json]:
        found: list[Json] = []
        while more := self._own.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in more:
                self._own.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            found += more
        return found


def _record(message: Json) -> Json:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:tweets",
        "awsRegion": REGION,
    }


def _refusal(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, operation)


class Wit:
    """A chatbot that never says the same twice: what is posted a second time shows."""

    def __init__(self, seed: random.Random) -> None:
        self._random = seed

    def recognize_text(self, *, text: str, session_id: str, language: str) -> Json:
        words = f"Joke {self._random.randrange(10**9)}."
        return {"sessionId": session_id, "messages": [{"contentType": "PlainText", "content": words}]}


@contextlib.contextmanager
def account(seed: random.Random) -> Iterator[Account]:
    """Make the resources, the functions and X. Waits are shortened to a second or so."""
    chance = Chance(seed)
    x = FakeX(chance.at_x)
    tables = {"SEEN_TABLE": "seen", "SENT_TABLE": "sent", "REPLIES_TABLE": "replies", "DELIVERIES_TABLE": "deliveries"}
    names = {"BUS_NAME": "Plumbing", "MEDIA_BUCKET": "media", "SECRET_NAME": "TwitterSecret", "SETTINGS": "{}"}
    names |= {"POWERTOOLS_SERVICE_NAME": "tried", "X_URL": x.url}
    quiet = {"POWERTOOLS_LOG_LEVEL": "CRITICAL", "POWERTOOLS_TRACE_DISABLED": "1"}
    try:
        with mock.patch.dict(os.environ, {**AWS_OF_TESTS, **tables, **names, **quiet}), mock_aws():
            os.environ |= _resources()
            with _shortened(Wit(seed)):
                yield Account(chance, x)
    finally:
        x.close()


def _resources() -> dict[str, str]:
    """Make what the stacks make. Return the queues' addresses."""
    dynamodb, sqs, events = (boto3.client(name, region_name=REGION) for name in ("dynamodb", "sqs", "events"))
    for table in ("seen", "sent", "replies", "deliveries"):
        dynamodb.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    boto3.client("s3", region_name=REGION).create_bucket(Bucket="media")
    secrets = boto3.client("secretsmanager", region_name=REGION)
    secrets.create_secret(Name="TwitterSecret", SecretString=json.dumps(KEYS))
    urls = {}
    for name, visibility in QUEUES.items():
        queue = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": str(visibility)})
        urls[f"{name}_URL"] = queue["QueueUrl"]
    sns = boto3.client("sns", region_name=REGION)
    topic = urls["TOPIC_ARN"] = sns.create_topic(Name="alerts")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:123456789012:TOLD_QUEUE")
    events.create_event_bus(Name="Plumbing")
    events.put_rule(Name="all", EventBusName="Plumbing", EventPattern='{"source": ["TWITTER", "BOT"]}')
    target = {"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:123456789012:BUS_QUEUE"}
    events.put_targets(Rule="all", EventBusName="Plumbing", Targets=[target])
    return urls


@contextlib.contextmanager
def _shortened(chatbot: Wit) -> Iterator[None]:
    from aws_lambda_powertools.metrics import Metrics

    from twbot.lambdas.aws import event_bus, invocation, reply_queue
    from twbot.lambdas.aws.handlers import egress, text
    from twbot.lambdas.egress import attempts, sender

    with contextlib.ExitStack() as stack:
        for module, name, value in (
            (attempts, "TIMELINE_LAG", 0.5),
            (attempts, "MAX_REQUEST", 0.5),
            (sender, "RETRY_AFTER", 0.5),
            (reply_queue, "FIRST_WAIT", 0.2),
            (reply_queue, "MAX_WAIT", 1.0),
            # What came back often is spread over minutes.
            (reply_queue, "random", SimpleNamespace(uniform=lambda low, _: low)),
            # It takes its namespace from the environment as it is imported: another test may have been first.
            (invocation, "_metrics", Metrics(namespace="tried")),
            (event_bus, "FIRST_WAIT", 0.001),
            (event_bus, "MAX_WAIT", 0.002),
            (egress, "MAX_TRIES", 200),
            (text, "chatbot", lambda: chatbot),
        ):
            stack.enter_context(mock.patch.object(module, name, value))
        yield
