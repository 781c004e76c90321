"""Powertools' idempotency in DynamoDB, for what must reach people once: replies and alerts.

https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/
"""

from __future__ import annotations

from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig

from twbot.lambdas.aws.clients import client

RETENTION_SECONDS = 30 * 24 * 3600


def idempotency_config() -> IdempotencyConfig:
    """Register each invocation's context: what dies with it then blocks the next try until its timeout, no longer."""
    return IdempotencyConfig(expires_after_seconds=RETENTION_SECONDS)


def idempotency_store(table: str) -> DynamoDBPersistenceLayer:
    return DynamoDBPersistenceLayer(table_name=table, boto3_client=client("dynamodb"))
