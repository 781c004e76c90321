"""The Lambda functions: what each is made of and told. The entry points and the stacks both follow this table.

The code of `name` is lambdas/aws/handlers/<name>.py. What it is told (environment):

BUS_NAME                   the bus, for PutEvents
SEEN_TABLE                 DynamoDB table of what was published: `id` (string) is an entry's `once` key,
                           `expiration` (number, epoch seconds) when it is forgotten
SENT_TABLE                 DynamoDB table of Powertools' idempotency: `id` and `expiration`, its default names
REPLIES_TABLE              DynamoDB table of what the operator says of replies, and of this hour's counts
MEDIA_BUCKET               the bucket of pictures; what is in it goes after a day
SECRET_NAME                the secret with the keys (twbot.lambdas.ports.Keys, as JSON)
DELIVERIES_TABLE           DynamoDB table of who was told of which alert, and how that went last: `id`, `expiration`
ADDRESSES_PARAMETER        the SecureString in Parameter Store with the chats that hear of alerts
QUEUE_URL                  the queue of SEND_TWEET, to make a reply wait until X takes it
DEAD_LETTER_QUEUE_URL      where a SEND_TWEET goes that can't be read, with the reason
X_URL                      what stands in for X, only in a stage that names it (a simulated X)
BOT_ID, BOT_ALIAS_ID       the Lex V2 bot and its alias
LOCALE_ID                  the bot's language as Lex writes it, en_US
SETTINGS                   twbot.lambdas.settings.Settings as JSON, without `aws`
STAGE                      the stage's name (every function)
POWERTOOLS_SERVICE_NAME    the microservice (every function)
POWERTOOLS_METRICS_NAMESPACE, POWERTOOLS_LOG_LEVEL (every function)
"""

from __future__ import annotations

from typing import NamedTuple

PUBLISHER = ("BUS_NAME", "SEEN_TABLE")
OPTIONAL = ("X_URL",)


class FunctionSpec(NamedTuple):
    """`packages`: what its bundle holds besides our code, as named on PyPI. `memory` in MB, `timeout` in seconds."""

    name: str
    service: str
    packages: tuple[str, ...]
    memory: int
    timeout: int
    environment: tuple[str, ...] = ()

    @property
    def entry(self) -> str:
        return f"twbot/lambdas/aws/handlers/{self.name}.py"

    @property
    def handler(self) -> str:
        return f"twbot.lambdas.aws.handlers.{self.name}.handler"


_COMMON = ("aws-lambda-powertools", "msgspec")
_X = ("requests", "requests-oauthlib")

FUNCTIONS = {
    function.name: function
    for function in (
        FunctionSpec(
            "ingress",
            "ingress",
            (*_COMMON, *_X),
            memory=512,
            timeout=15,
            environment=(*PUBLISHER, "SECRET_NAME", "X_URL"),
        ),
        FunctionSpec(
            "download", "analysis", (*_COMMON, "pillow", "requests"), 1024, 30, environment=("MEDIA_BUCKET", "X_URL")
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
            memory=1769,
            timeout=60,
            environment=(*PUBLISHER, "MEDIA_BUCKET", "SETTINGS"),
        ),
        FunctionSpec(
            "text",
            "responding",
            (*_COMMON, "twitter-text-parser"),
            memory=512,
            timeout=20,
            environment=(*PUBLISHER, "BOT_ID", "BOT_ALIAS_ID", "LOCALE_ID", "SETTINGS"),
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
