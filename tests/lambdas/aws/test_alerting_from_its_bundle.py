"""The alert function as it runs on AWS: from its built bundle, against moto's SNS and DynamoDB."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.support.alerts import again, angry
from tests.support.aws_account import Account
from twbot.lambdas.contracts import Event


class Topic:
    """The alert topic, and what it published."""

    def __init__(self, account: Account) -> None:
        self.account = account
        sns, self._sqs = account.client("sns"), account.client("sqs")
        arn = sns.create_topic(Name="twbot-prod-alerts")["TopicArn"]
        self._url = self._sqs.create_queue(QueueName="subscriber")["QueueUrl"]
        queue = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue["QueueArn"])
        account.dynamodb.create_table(
            TableName="told",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.told = {"TOPIC_ARN": arn, "DELIVERIES_TABLE": "told"}

    def run(self, *events: Event) -> list[dict[str, Any]]:
        """One container: what it answered to each event, or raised."""
        written = [msgspec.to_builtins(each) for each in events]
        return self.account.run("alert", *written, **self.told).results

    def published(self) -> list[tuple[str, str]]:
        """Subject and text of what was published since this was asked last."""
        read = [msgspec.json.decode(each["Body"]) for each in self.account.messages(self._url)]
        return [(each["Subject"], each["Message"]) for each in read]


@pytest.fixture
def topic(account: Account) -> Topic:
    return Topic(account)


def test_a_post_is_published_once(topic: Topic) -> None:
    """Delivered twice, edited, completed, replayed in each way; in the same container and in another."""
    assert topic.run(angry(), *again().values()) == [{"answer": None}] * 8
    assert topic.run(*again().values()) == [{"answer": None}] * 7
    ((subject, text),) = topic.published()
    assert subject == "Negative message on X"
    assert text.startswith("Negative message from @alice (how sure: 0.93)")
    assert text.endswith("https://x.com/i/status/12")


def test_a_replay_publishes_what_nothing_raised_before(topic: Topic) -> None:
    """As after an analysis that failed: once, whichever replay is the first."""
    topic.run(again()["what a replay caused"], again()["a replay"], angry())
    assert len(topic.published()) == 1


@pytest.mark.parametrize("operation", ["Publish", "PutItem"])
def test_a_service_that_is_down_loses_nothing(topic: Topic, operation: str) -> None:
    """The invocation fails with AWS's code and names the topic, so that Lambda tries again; then it is published."""
    topic.account.aws.refusing[operation] = (400, "AuthorizationError")
    (failed,) = topic.run(angry())
    assert failed["error"] == "Temporary"
    assert "AuthorizationError" in failed["says"]
    assert "topic: " in failed["says"]
    assert not topic.published()
    topic.account.aws.refusing.clear()
    assert topic.run(angry(), angry()) == [{"answer": None}] * 2
    assert len(topic.published()) == 1


def test_a_replay_s_retry_publishes_what_its_first_try_did_not(topic: Topic) -> None:
    """The same replay goes on; another one in between tells nobody."""
    first, other = again()["a replay"], again()["what a replay caused"]
    topic.account.aws.refusing["Publish"] = (500, "InternalError")
    assert topic.run(first)[0]["error"] == "Temporary"
    topic.account.aws.refusing.clear()
    topic.run(other)
    assert not topic.published()
    topic.run(first)
    assert len(topic.published()) == 1
