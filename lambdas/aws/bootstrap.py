"""The composition root on AWS: creates the adapter behind each port on first use, once per execution environment.

The configuration comes from environment variables, which stacks/functions.py lists.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from twbot.lambdas.retention import RETENTION_SECONDS
from twbot.lambdas.settings import Settings

if TYPE_CHECKING:
    from twbot.lambdas.alerting.delivery import Notifier
    from twbot.lambdas.analysis.download import Downloader
    from twbot.lambdas.aws.alert_addresses import AlertAddresses
    from twbot.lambdas.aws.alert_outcomes import AlertOutcomes
    from twbot.lambdas.aws.event_bus import EventBus
    from twbot.lambdas.aws.lex import LexChatbot
    from twbot.lambdas.aws.media import S3Media
    from twbot.lambdas.aws.reply_queue import ReplyQueue
    from twbot.lambdas.aws.secrets import ManagedSecrets
    from twbot.lambdas.egress.sender import Sender
    from twbot.lambdas.x.api import XApi


# Imports stand inside the functions: a bundle holds only what the functions that its handler uses import.
@functools.cache
def settings() -> Settings:
    """Return the settings of the stage."""
    return msgspec.json.decode(os.environ.get("SETTINGS", "{}"), type=Settings)


@functools.cache
def publisher() -> EventBus:
    from twbot.lambdas.aws.deduplication import Deduplication
    from twbot.lambdas.aws.event_bus import EventBus

    deduplication = Deduplication(_client("dynamodb"), os.environ["SEEN_TABLE"])
    return EventBus(_client("events"), os.environ["BUS_NAME"], deduplication)


@functools.cache
def media() -> S3Media:
    from twbot.lambdas.aws.media import S3Media

    return S3Media(_client("s3"), os.environ["MEDIA_BUCKET"])


@functools.cache
def secrets() -> ManagedSecrets:
    from twbot.lambdas.aws.secrets import ManagedSecrets

    return ManagedSecrets(_client("secretsmanager"), os.environ["SECRET_NAME"])


@functools.cache
def chatbot() -> LexChatbot:
    from twbot.lambdas.aws.lex import LexChatbot

    bot = (os.environ["BOT_ID"], os.environ["BOT_ALIAS_ID"], os.environ["LOCALE_ID"])
    return LexChatbot(_client("lexv2-runtime"), *bot)


@functools.cache
def x() -> XApi:
    """Return the client of X, or of the simulated X at X_URL."""
    from twbot.lambdas.x.api import XApi
    from twbot.lambdas.x.http import X_URL

    return XApi(secrets(), base_url=os.environ.get("X_URL", X_URL), made_with_ai=settings().made_with_ai)


@functools.cache
def downloader() -> Downloader:
    from twbot.lambdas.analysis.download import Downloader

    return Downloader(media(), simulator=os.environ.get("X_URL"))


@functools.cache
def reply_queue() -> ReplyQueue:
    from twbot.lambdas.aws.reply_queue import ReplyQueue

    return ReplyQueue(_client("sqs"), os.environ["QUEUE_URL"], os.environ.get("DEAD_LETTER_QUEUE_URL"))


def sender(context: Any) -> Sender:
    """Return the sender, for this invocation."""
    cached, config = _sender()
    # With the remaining time Powertools ends the lock of an invocation that timed out, so that a retry can go ahead:
    # https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/#lambda-timeouts
    config.register_lambda_context(context)
    return cached


@functools.cache
def _sender() -> tuple[Sender, Any]:
    from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig

    from twbot.lambdas.aws.reply_store import DynamoReplies
    from twbot.lambdas.egress.permission import Permission
    from twbot.lambdas.egress.sender import Sender

    config = IdempotencyConfig(expires_after_seconds=RETENTION_SECONDS)
    idempotency_store = DynamoDBPersistenceLayer(table_name=os.environ["SENT_TABLE"], boto3_client=_client("dynamodb"))
    permission = Permission(DynamoReplies(_client("dynamodb"), os.environ["REPLIES_TABLE"]))
    return Sender(x(), media(), publisher(), permission, idempotency_store, config), config


@functools.cache
def addresses() -> AlertAddresses:
    from twbot.lambdas.aws.alert_addresses import AlertAddresses

    return AlertAddresses(_client("ssm"), os.environ["ADDRESSES_PARAMETER"])


@functools.cache
def delivery_outcomes() -> AlertOutcomes:
    from twbot.lambdas.aws.alert_outcomes import AlertOutcomes

    return AlertOutcomes(_client("dynamodb"), os.environ["DELIVERIES_TABLE"])


def notifier(context: Any) -> Notifier:
    """Return the notifier, for this invocation."""
    cached, config = _notifier()
    # As in `sender`: the lock of an invocation that timed out ends with it.
    config.register_lambda_context(context)
    return cached


@functools.cache
def _notifier() -> tuple[Notifier, Any]:
    from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig

    from twbot.lambdas.alerting.delivery import Notifier
    from twbot.lambdas.alerting.webhooks import Webhooks

    config = IdempotencyConfig(expires_after_seconds=RETENTION_SECONDS)
    idempotency_store = DynamoDBPersistenceLayer(
        table_name=os.environ["DELIVERIES_TABLE"], boto3_client=_client("dynamodb")
    )
    return Notifier(Webhooks().send, delivery_outcomes(), idempotency_store, config), config


@functools.cache
def _client(service: str) -> Any:
    import boto3
    from botocore.config import Config

    # Enough retries for a moment of throttling. botocore's default of 60 seconds a read would use up the time of most
    # functions: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/retries.html
    config = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 4})
    client: Callable[..., Any] = boto3.client
    return client(service, config=config)
