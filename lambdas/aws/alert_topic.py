"""The SNS topic of alerts, which tells its subscribers: email, SMS, https."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from twbot.lambdas.alerting.alert import Alert
from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.errors import Temporary


class AlertTopic:
    """The topic, as one recipient of alerts: whom it has told what, only SNS knows."""

    id = kind = "topic"

    def __init__(self, client: Any, arn: str) -> None:
        self._client, self._arn = client, arn

    def publish(self, alert: Alert) -> None:
        """Publish the alert. Raises Temporary: an operator can put right what SNS refuses while Lambda retries."""
        try:
            self._client.publish(TopicArn=self._arn, Subject=alert.subject, Message=alert.body)
        except (ClientError, BotoCoreError) as error:
            raise Temporary(f"SNS does not take the alert: {error_code(error)}.") from None
