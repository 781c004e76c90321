"""What `extra = "module:function"` of [stages.NAME.aws] is called with: add(scope, stage, twbot).

from aws_cdk import Stack, aws_events as events, aws_events_targets as targets, aws_sqs as sqs

def add(scope, stage, twbot):
    stack = Stack(scope, "Coffee", stack_name=f"coffee-{stage.name}", env=twbot.environment)
    queue = sqs.Queue(stack, "Sent")
    pattern = events.EventPattern(detail_type=["TWEET_SENT"])
    events.Rule(stack, "OnSent", event_bus=twbot.bus, event_pattern=pattern, targets=[targets.SqsQueue(queue)])
"""

from twbot.stacks.config import StageConfig as Stage
from twbot.stacks.extra import Lake, Twbot

__all__ = ["Lake", "Stage", "Twbot"]
