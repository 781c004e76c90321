"""The addresses on AWS that a rule of the bot's folder may send events to."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from twbot.lambdas.errors import TwbotError

_ARN = re.compile(
    r"arn:aws[a-z-]*:(?P<service>sqs|sns|lambda|events):(?P<region>[a-z0-9-]+):\d{12}:(?P<resource>[A-Za-z0-9._/:-]+)"
)
_ACTIONS = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
}


class Address(NamedTuple):
    """A queue, topic, function or event bus."""

    arn: str
    service: str
    action: str
    """What EventBridge does there."""
    region: str

    @property
    def keeps_order(self) -> bool:
        """Return whether it is a FIFO queue, which takes nothing without a message group."""
        return self.service == "sqs" and self.arn.endswith(".fifo")

    def check_region(self, region: str) -> None:
        """Raise TwbotError where a rule of this region can't send to it."""
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
        if self.service != "events" and self.region != region:
            hint = "Only an event bus may be in another region: send to one there, which passes the events on"
            raise TwbotError(f"{self.arn} is not in {region}, where the bot is.", hint)

    def policy(self, role: str) -> dict[str, Any]:
        """Return the statement that its owner adds to its resource policy, for the role of ours."""
        return {"Effect": "Allow", "Principal": {"AWS": role}, "Action": self.action, "Resource": self.arn}


def address_on_aws(to: str | None) -> Address | None:
    """Return the address of a rule's `to`; None where it is none on AWS. Raises TwbotError for another ARN."""
    if to is None or not to.startswith("arn:"):
        return None
    found = _ARN.fullmatch(to)
    if found is None or (found["service"] == "events") != found["resource"].startswith("event-bus/"):
        hint = "Take the ARN of an SQS queue, an SNS topic, a Lambda function or an event bus"
        raise TwbotError(f"{to} is nothing that a rule can send to.", hint)
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
    if found["service"] == "sns" and to.endswith(".fifo"):
        raise TwbotError(f"{to} is a FIFO topic, which EventBridge does not send to.", "Take a FIFO queue, or a topic")
    return Address(to, found["service"], _ACTIONS[found["service"]], found["region"])
