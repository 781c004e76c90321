"""Egress stack: SEND_TWEET → SQS queue → function → X."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from twbot.stacks.analysis import Analysis
from twbot.stacks.config import QUEUE_DAYS, StageConfig
from twbot.stacks.constructs.access import allow
from twbot.stacks.constructs.function import Function, behaviour
from twbot.stacks.constructs.rules import DeadLetters, WiredRule, grant_rule_send
from twbot.stacks.constructs.secret import grant_read, secret_environment
from twbot.stacks.constructs.service import Service
from twbot.stacks.constructs.stores import Table
from twbot.stacks.functions import FUNCTIONS
from twbot.stacks.names import queue_name
from twbot.stacks.plumbing import Plumbing

# The function gives a reply up itself, after failures that it counts. A reply that waits for X is received once in each
# of X's windows, and no such wait is a failure.
MAX_RECEIVES = 1000
BATCH_SIZE = 5


class Egress(Service):
    """The queue of replies, the function that posts them, and its tables."""

    def __init__(self, scope: Construct, stage: StageConfig, plumbing: Plumbing, analysis: Analysis) -> None:
        super().__init__(scope, "Egress", stage)
        dead_letters = DeadLetters(self, stage, "egress")
        queue = self._queue(stage, dead_letters)
        sent = Table(self, "Sent", stage)
        replies = Table(self, "Replies", stage)
        environment = {
            **plumbing.function_environment,
            **secret_environment(stage),
            **stage.x,
            "MEDIA_BUCKET": analysis.media.bucket_name,
            "SENT_TABLE": sent.table_name,
            "REPLIES_TABLE": replies.table_name,
            "QUEUE_URL": queue.queue_url,
            "DEAD_LETTER_QUEUE_URL": dead_letters.queue_url,
            "SETTINGS": behaviour(stage),
        }
        function = Function(self, "egress", stage, environment)
        plumbing.grant_publish(function)
        grant_read(self, stage, function)
        analysis.grant_use_media(function, ["s3:GetObject"])
        allow(function, [f"dynamodb:{call}Item" for call in ("Get", "Put", "Update", "Delete")], [sent.table_arn])
        allow(function, [f"dynamodb:{call}Item" for call in ("Get", "Put", "Update")], [replies.table_arn])
        # To the dead letters with the reason; to its own queue when a message has become old.
        allow(function, ["sqs:SendMessage"], [dead_letters.queue_arn, queue.queue_arn])
        self._feed(stage, queue, function)
        for rule in ("send-tweets", "honour-opt-outs"):
            wired = WiredRule(self, rule, stage, bus=plumbing.bus, target=queue.queue_arn, dead_letters=dead_letters)
            grant_rule_send(queue, wired)
        CfnOutput(self, "QueueUrl", value=queue.queue_url)
        CfnOutput(self, "RepliesTableName", value=replies.table_name)

    def _queue(self, stage: StageConfig, dead_letters: sqs.Queue) -> sqs.Queue:
        """Create the queue of replies."""
        # Lambda asks for six times the function's timeout, so that throttled batches can be retried while hidden:
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        return sqs.Queue(
            self,
            "Tweets",
            queue_name=queue_name(stage),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(QUEUE_DAYS),
            visibility_timeout=Duration.seconds(6 * FUNCTIONS["egress"].timeout),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=MAX_RECEIVES),
        )

    def _feed(self, stage: StageConfig, queue: sqs.Queue, function: Function) -> None:
        """Invoke the function with batches from the queue."""
        # ChangeMessageVisibility: the function hides a reply until X's reset, see lambdas/aws/reply_queue.py.
        actions = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility")
        allow(function, [f"sqs:{action}" for action in actions], [queue.queue_arn])
        lambda_.CfnEventSourceMapping(
            self,
            "Feed",
            function_name=function.function_name,
            event_source_arn=queue.queue_arn,
            batch_size=BATCH_SIZE,
            # Without it, one failed reply would bring back its whole batch, posted replies included:
            # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(
                maximum_concurrency=stage.aws.replies_at_once
            ),
        )
