"""SEND_TWEET from the queue, up to five at once: {"Records": [{"messageId", "receiptHandle", "body", …}]}.

What is sent, or can't ever be, is off the queue; what has to wait is told as a partial failure and comes back.
"""

from __future__ import annotations

import logging
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from twbot.lambdas.aws.bootstrap import reply_queue, sender
from twbot.lambdas.aws.invocation import Json, count, entry_point
from twbot.lambdas.contracts import Event, decode_event
from twbot.lambdas.errors import BadEvent, Temporary
from twbot.lambdas.log_context import log_context
from twbot.lambdas.x.post_ids import tweet_of

log = logging.getLogger(__name__)
_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@entry_point()
def handler(event: Json, context: Any) -> Any:
    def send(record: SQSRecord) -> None:
        _send(record, context)

    return process_partial_response(event=event, record_handler=send, processor=_processor, context=context)


def _send(record: SQSRecord, context: Any) -> None:
    try:
        event = decode_event(record.body)
        with log_context(tweet_of(event)):
            _hand_over(event, record, context)
    except BadEvent as reason:
        _dead_letter(record, reason)


def _hand_over(event: Event, record: SQSRecord, context: Any) -> None:
    try:
        sender(context).handle(event)
    except Temporary as problem:
        tries = int(record.attributes.approximate_receive_count)
        seconds = reply_queue().defer(record.receipt_handle, tries, problem)
        count("ReplyPutOff")
        log.warning("reply put off", extra={"reason": str(problem), "seconds": seconds})
        raise


def _dead_letter(record: SQSRecord, reason: BadEvent) -> None:
    log.error("not a command", extra={"reason": str(reason), "message_id": record.message_id})
    count("UnreadableCommand")
    if not reply_queue().dead_letter(record.body, str(reason)):
        raise reason
