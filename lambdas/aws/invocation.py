"""The part that all Lambda handlers share: logs with the post's id on each line, metrics, and the deadline."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from twbot.lambdas.aws.deadline import note_deadline
from twbot.lambdas.log_context import current_tweet, log_context
from twbot.lambdas.x import post_ids

Json = dict[str, Any]
Handler = Callable[[Json, Any], Any]

logger = Logger()
_metrics = Metrics()


def entry_point(post_of: Callable[[Json], str | None] = lambda _: None) -> Callable[[Handler], Handler]:
    """Return a decorator that makes a Lambda handler. `post_of` returns the id of the post that an event is about."""

    def make(handle: Handler) -> Handler:
        @functools.wraps(handle)
        def handler(event: Json, context: Any) -> Any:
            note_deadline(context)
            logger.append_keys(function_request_id=context.aws_request_id)
            with log_context(post_of(event)):
                try:
                    return handle(event, context)
                except Exception:
                    logger.exception("the invocation failed")
                    raise
                finally:
                    _flush()

        return handler

    return make


def tweet_of_event(event: Json) -> str | None:
    """Return the id of the post that one of our events is about; None where the event has none."""
    return post_ids.tweet_in(event.get("detail"))


def count(metric: str, number: int = 1) -> None:
    """Add to a metric of this microservice."""
    _metrics.add_metric(name=metric, unit=MetricUnit.Count, value=number)


def _flush() -> None:
    if _metrics.metric_set:  # Powertools warns about an empty set
        _metrics.flush_metrics()


def _add_correlation_id(record: logging.LogRecord) -> bool:
    record.correlation_id = current_tweet()
    return True


def _route_logs() -> None:
    """Send what our modules log through the standard library to Powertools' handler, which writes JSON."""
    logger.registered_handler.addFilter(_add_correlation_id)
    ours = logging.getLogger("twbot")
    ours.handlers = [logger.registered_handler]
    ours.setLevel(logger.log_level)
    # Lambda's runtime has a handler at the root logger, which would write each line a second time.
    ours.propagate = False


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # elsewhere, as in a test, whoever imports this configures the logs
    _route_logs()
