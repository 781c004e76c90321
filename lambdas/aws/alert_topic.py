"""The SNS topic of alerts, which tells its subscribers: email, SMS, https."""

from __future__ import annotations

import unicodedata
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from twbot.lambdas.alerting.alert import Alert
from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.errors import Temporary
from twbot.lambdas.folder.wording_file import shipped

# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
MAX_SUBJECT_LENGTH = 99


def ascii_subject(subject: str) -> str:
    """Return a subject that SNS takes, in ASCII: without accents; the shipped English one for another script."""
    plain = unicodedata.normalize("NFKD", subject.replace("ß", "ss"))
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    if letters.isascii() and letters.strip():
        return letters.strip()[:MAX_SUBJECT_LENGTH]
    return shipped("en")["alert-subject"]


class AlertTopic:
    """The topic, as one recipient of alerts: whom it has told what, only SNS knows."""

    id = kind = "topic"

    def __init__(self, client: Any, arn: str) -> None:
        self._client, self._arn = client, arn

    def publish(self, alert: Alert) -> None:
        """Publish the alert. Raises Temporary: an operator can put right what SNS refuses while Lambda retries."""
        try:
            self._client.publish(TopicArn=self._arn, Subject=ascii_subject(alert.subject), Message=alert.body)
        except (ClientError, BotoCoreError) as error:
            raise Temporary(f"SNS does not take the alert: {error_code(error)}.") from None
