"""The Lambda functions: size, packages and environment. The entry points and the stacks both follow this table.

The code of `name` is lambdas/aws/handlers/<name>.py. The environment variables:

BUS_NAME                   the bus, for PutEvents
SEEN_TABLE                 DynamoDB table of published entries: `id` (string) is an entry's `dedup_key`,
                           `expiration` (number, epoch seconds) the time when DynamoDB deletes it, `value` (string)
                           what is known of the post
ARCHIVE_DAYS               the days for which the archive keeps events, and SEEN_TABLE the words of their replies
SENT_TABLE                 DynamoDB table of Powertools' idempotency: `id` and `expiration`, its default names;
                           and of the attempts to post replies (lambdas/aws/attempts.py)
REPLIES_TABLE              DynamoDB table of the operator's switch, opt-outs and limits, and of this hour's counts
MEDIA_BUCKET               the bucket of images: a post's are deleted after a day, a reply's with the archive
SECRET_NAME                the secret with X's keys (twbot.lambdas.ports.Keys, as JSON)
DELIVERIES_TABLE           DynamoDB table of what raised each alert, and of its deliveries: `id`, `expiration`
TOPIC_ARN                  the SNS topic of alerts
ADDRESSES_PARAMETER        the SecureString in Parameter Store with the addresses of the chats that receive alerts
QUEUE_URL                  the queue of SEND_TWEET, to defer a reply until X accepts it
DEAD_LETTER_QUEUE_URL      the queue for each SEND_TWEET that is unreadable or was tried for hours, with the reason
X_URL                      the address of a simulated X, only in a stage that sets `x_url`
BOT_ID, BOT_ALIAS_ID       the Lex V2 bot and its alias
SETTINGS                   twbot.lambdas.settings.Settings as JSON, without `aws`
STAGE                      the stage's name (every function)
POWERTOOLS_SERVICE_NAME    the microservice (every function)
POWERTOOLS_METRICS_NAMESPACE, POWERTOOLS_LOG_LEVEL (every function)
"""

from __future__ import annotations

from typing import NamedTuple

PUBLISHER = ("BUS_NAME", "SEEN_TABLE", "ARCHIVE_DAYS")
OPTIONAL = ("X_URL",)


class FunctionSpec(NamedTuple):
    """What a function is made of."""

    name: str
    service: str
    """The microservice that it belongs to."""
    packages: tuple[str, ...]
    """The packages in its bundle besides our code, by their names on PyPI."""
    memory: int
    """In MB."""
    timeout: int
    """In seconds."""
    environment: tuple[str, ...] = ()
    """The variables that it needs besides those of every function."""

    @property
    def entry(self) -> str:
        """Return the path of its entry point within the bundle."""
        return f"twbot/lambdas/aws/handlers/{self.name}.py"

    @property
    def handler(self) -> str:
        return f"twbot.lambdas.aws.handlers.{self.name}.handler"


_COMMON = ("aws-lambda-powertools", "msgspec")
_X = ("requests", "requests-oauthlib")

FUNCTIONS = {
    function.name: function
    for function in (
        FunctionSpec("ingress", "ingress", _COMMON, 512, 15, environment=(*PUBLISHER, "SECRET_NAME")),
        FunctionSpec("complete", "ingress", (*_COMMON, *_X), 512, 30, environment=(*PUBLISHER, "SECRET_NAME", "X_URL")),
        FunctionSpec(
            "download", "analysis", (*_COMMON, "pillow", "requests"), 1024, 30, environment=("MEDIA_BUCKET", "X_URL")
        ),
        FunctionSpec("trim", "analysis", _COMMON, memory=256, timeout=10, environment=("SETTINGS",)),
        FunctionSpec(
            "alert", "alerting", _COMMON, memory=256, timeout=30, environment=("TOPIC_ARN", "DELIVERIES_TABLE")
        ),
        FunctionSpec(
            "notify",
            "alerting",
            (*_COMMON, "requests"),
            memory=256,
            timeout=30,
            environment=("ADDRESSES_PARAMETER", "DELIVERIES_TABLE"),
        ),
        FunctionSpec(
            "image",
            "responding",
            (*_COMMON, "anyascii", "manimgx-fonts", "pillow", "twitter-text-parser"),
            memory=1769,  # one full vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
            timeout=60,
            environment=(*PUBLISHER, "MEDIA_BUCKET", "SETTINGS"),
        ),
        FunctionSpec(
            "text",
            "responding",
            (*_COMMON, "requests", "twitter-text-parser"),
            memory=512,
            timeout=20,
            environment=(*PUBLISHER, "BOT_ID", "BOT_ALIAS_ID", "SETTINGS"),
        ),
        FunctionSpec("fulfilment", "responding", (*_COMMON, "requests", "twitter-text-parser"), 512, 10),
        FunctionSpec(
            "egress",
            "egress",
            (*_COMMON, *_X, "twitter-text-parser"),
            memory=1024,
            timeout=60,
            environment=(
                *PUBLISHER,
                "MEDIA_BUCKET",
                "SECRET_NAME",
                "SENT_TABLE",
                "REPLIES_TABLE",
                "QUEUE_URL",
                "DEAD_LETTER_QUEUE_URL",
                "SETTINGS",
                "X_URL",
            ),
        ),
        FunctionSpec("transform", "analytics", _COMMON, 256, 60),
    )
}
