"""Posts replies from the queue, up to five at once: {"Records": [{"messageId", "receiptHandle", "body", …}]}.

A message that was handled leaves the queue; one that has to wait is reported as a partial failure and returns:
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

import functools
import logging
import os
import time
from typing import Any, NoReturn

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from twbot.lambdas.aws.attempts import DynamoAttempts
from twbot.lambdas.aws.clients import client
from twbot.lambdas.aws.idempotency import idempotency_config, idempotency_store
from twbot.lambdas.aws.invocation import Json, count, entry_point
from twbot.lambdas.aws.media import S3Media
from twbot.lambdas.aws.publisher import publisher
from twbot.lambdas.aws.reply_queue import MAX_AGE, MAX_TRIES, ReplyQueue
from twbot.lambdas.aws.reply_store import DynamoReplies
from twbot.lambdas.aws.secrets import ManagedSecrets
from twbot.lambdas.aws.settings import settings
from twbot.lambdas.contracts import Event, decode_event
from twbot.lambdas.egress.permission import Permission
from twbot.lambdas.egress.sender import Sender
from twbot.lambdas.errors import BadEvent, Permanent, Temporary
from twbot.lambdas.log_context import log_context
from twbot.lambdas.x.api import XApi
from twbot.lambdas.x.http import X_URL
from twbot.lambdas.x.post_ids import tweet_of

log = logging.getLogger(__name__)
# Powertools would raise if a whole batch fails, but replies that wait for X are no failure of the function.
_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
_config = idempotency_config()


@functools.cache
def sender() -> Sender:
    media = S3Media(client("s3"), os.environ["MEDIA_BUCKET"])
    permission = Permission(DynamoReplies(client("dynamodb"), os.environ["REPLIES_TABLE"]))
    store = idempotency_store(os.environ["SENT_TABLE"])
    return Sender(x(), media, publisher(), permission, attempts(), store, _config)


@functools.cache
def attempts() -> DynamoAttempts:
    return DynamoAttempts(client("dynamodb"), os.environ["SENT_TABLE"])


@functools.cache
def x() -> XApi:
    secrets = ManagedSecrets(client("secretsmanager"), os.environ["SECRET_NAME"])
    return XApi(secrets, base_url=os.environ.get("X_URL", X_URL), made_with_ai=settings().made_with_ai)


@functools.cache
def reply_queue() -> ReplyQueue:
    return ReplyQueue(client("sqs"), os.environ["QUEUE_URL"], os.environ.get("DEAD_LETTER_QUEUE_URL"))


@entry_point()
def handler(event: Json, context: Any) -> Any:
    _config.register_lambda_context(context)
    return process_partial_response(event=event, record_handler=_send, processor=_processor, context=context)


def _send(record: SQSRecord) -> None:
    try:
        event = decode_event(record.body)
        with log_context(tweet_of(event)):
            _handle(event, record)
    except BadEvent as reason:
        # At once: it would fail in the same way each time.
        log.error("not a command", extra={"reason": str(reason), "message_id": record.message_id})
        count("UnreadableCommand")
        _dead_letter(record, reason)


def _handle(event: Event, record: SQSRecord) -> None:
    try:
        sender().handle(event)
    except Permanent as reason:
        _dead_letter(record, reason)
    except Temporary as problem:
        if problem.retry_at is None:
            _back_off(record, problem)
        elif _age(record) > MAX_AGE:
            reply_queue().renew(record.body)
        else:
            receives = int(record.attributes.approximate_receive_count)
            _leave(problem, reply_queue().hide(record.receipt_handle, problem.retry_at, receives))
    except BadEvent:
        raise
    except Exception as error:
        log.exception("reply failed")
        _back_off(record, error)


def _back_off(record: SQSRecord, problem: Exception) -> None:
    """Leave a message in the queue for another try, or give it up. Raises the problem where it is left."""
    try:
        tries = attempts().count_failure(record.message_id)
    except Temporary:
        # The queue's own limit, which is far above ours, is what is left.
        tries = 1
    if tries >= MAX_TRIES:
        _dead_letter(record, problem)
    else:
        _leave(problem, reply_queue().back_off(record.receipt_handle, tries))


def _leave(problem: Exception, seconds: int) -> NoReturn:
    count("ReplyPutOff")
    log.warning("reply put off", extra={"reason": str(problem), "seconds": seconds})
    raise problem


def _age(record: SQSRecord) -> float:
    """Return the seconds since the message was sent, 0 where SQS does not say."""
    sent = record.attributes.get("SentTimestamp")
    return time.time() - int(sent) / 1000 if sent else 0.0


def _dead_letter(record: SQSRecord, reason: Exception) -> None:
    if not reply_queue().dead_letter(record.body, str(reason) or type(reason).__name__):
        raise reason
