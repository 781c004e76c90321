"""Powertools' idempotency in DynamoDB, for what must reach people once: replies and alerts.

https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/
"""

from __future__ import annotations

from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig

from twbot.lambdas.aws.clients import client
from twbot.lambdas.retention import ANSWERED_SECONDS


def idempotency_config() -> IdempotencyConfig:
    """Return the configuration. Register the context of each invocation with it.

    With the remaining time Powertools ends the lock of an invocation that timed out, so that a retry can go ahead:
    https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/#lambda-timeouts
    """
    return IdempotencyConfig(expires_after_seconds=ANSWERED_SECONDS)


def idempotency_store(table: str) -> DynamoDBPersistenceLayer:
    return DynamoDBPersistenceLayer(table_name=table, boto3_client=client("dynamodb"))
