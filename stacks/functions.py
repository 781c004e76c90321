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
COLLECTION_ID              the face collection of the bot's own people
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
TWBOT_PROJECT              the bot's folder, which is in the bundle
OWN_RULE, OWN_STEP         the rule or step of the bot's folder that the function is of
STAGE                      the stage's name (every function)
POWERTOOLS_SERVICE_NAME    the microservice (every function)
POWERTOOLS_METRICS_NAMESPACE, POWERTOOLS_LOG_LEVEL (every function)
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from twbot.lambdas.folder.folder import VARIABLE, BotFolder, bot_folder, project
from twbot.lambdas.folder.people import has_people
from twbot.lambdas.folder.records import Limits, Permission, Step
from twbot.lambdas.own.addresses import address_on_aws
from twbot.lambdas.wiring import OWN, own_rule

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
    module: str | None = None
    """The module of its entry point in lambdas/aws/handlers/; None: that of its name."""
    runs: tuple[str, ...] = ()
    """The functions of the bot's folder that it calls."""
    limits: Limits | None = None
    """What those may have."""

    @property
    def entry(self) -> str:
        """Return the path of its entry point within the bundle."""
        return f"twbot/lambdas/aws/handlers/{self.module or self.name}.py"

    @property
    def handler(self) -> str:
        return f"twbot.lambdas.aws.handlers.{self.module or self.name}.handler"

    @property
    def has_folder(self) -> bool:
        """Return whether its bundle holds the bot's folder."""
        return VARIABLE in self.environment


_COMMON = ("aws-lambda-powertools", "msgspec")
_X = ("requests", "requests-oauthlib")
# What a function of the bot's folder can reach by its Bot: the bus, the pictures.
_BOT = (*PUBLISHER, "MEDIA_BUCKET", "SETTINGS", VARIABLE)
# Lambda's longest: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_TIMEOUT = 900
# Seconds for what else an answering function does than to call functions of the folder.
BESIDE = 10

TRANSFORM = "transform"

# The functions of twbot itself. With those of the bot's folder: functions().
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
            "alert",
            "alerting",
            _COMMON,
            memory=256,
            timeout=30,
            environment=("TOPIC_ARN", "DELIVERIES_TABLE", VARIABLE),
        ),
        FunctionSpec(
            "notify",
            "alerting",
            (*_COMMON, "requests"),
            memory=256,
            timeout=30,
            environment=("ADDRESSES_PARAMETER", "DELIVERIES_TABLE", VARIABLE),
        ),
        FunctionSpec(
            "image",
            "responding",
            (*_COMMON, "anyascii", "manimgx-fonts", "pillow", "twitter-text-parser"),
            memory=1769,  # one full vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
            timeout=60,
            environment=_BOT,
        ),
        FunctionSpec(
            "text",
            "responding",
            (*_COMMON, "requests", "twitter-text-parser"),
            memory=512,
            timeout=20,
            environment=(*PUBLISHER, "BOT_ID", "BOT_ALIAS_ID", "SETTINGS", VARIABLE),
        ),
        FunctionSpec(
            "fulfilment", "responding", (*_COMMON, "requests", "twitter-text-parser"), 512, 10, environment=(VARIABLE,)
        ),
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
                VARIABLE,
            ),
        ),
        # With the bot's folder where that declares events.
        FunctionSpec(TRANSFORM, "analytics", _COMMON, 256, 60),
    )
}


# Where the bot's folder has people: the workflow's FindPeople.
PEOPLE = FunctionSpec(
    "people",
    "analysis",
    (*_COMMON, "pillow"),
    memory=1024,
    timeout=30,
    environment=("MEDIA_BUCKET", "COLLECTION_ID"),
)


def functions() -> dict[str, FunctionSpec]:
    """Return all functions of the bot by their names: those of twbot and of its folder. Raises TwbotError."""
    return _functions(project())


@functools.cache
def _functions(path: Path) -> dict[str, FunctionSpec]:
    folder = bot_folder()
    own = {each.name: each for each in _of_rules_and_steps(folder)}
    people = {PEOPLE.name: PEOPLE} if has_people(path) else {}
    lake = {TRANSFORM: FUNCTIONS[TRANSFORM]._replace(environment=(VARIABLE,))} if folder.events else {}
    return {**FUNCTIONS, **people, **lake, **_answering(folder), **own}


def step_function(step: Step) -> str:
    """Return the name of the function of a step."""
    return f"step-{step.name}"


def _answering(folder: BotFolder) -> dict[str, FunctionSpec]:
    """Return the functions that answer, with room and time for the functions of the folder that they call."""
    intents = [each.run for chatbot in folder.chatbots.values() for each in chatbot.intents if each.run]
    called = {
        "text": [*folder.answers.texts, *intents],
        "image": list(folder.answers.images),
        # Lex asks it for whoever talks to Lex without the text function.
        "fulfilment": intents,
    }
    return {name: _with_calls(FUNCTIONS[name], runs, folder) for name, runs in called.items()}


def _with_calls(spec: FunctionSpec, runs: list[str], folder: BotFolder) -> FunctionSpec:
    spec = spec._replace(runs=tuple(dict.fromkeys(runs)))
    # What [answers] allows is for all but the sayings of twbot itself, which need nothing.
    own = [run for run in spec.runs if not run.startswith("twbot.sayings:")]
    if not own:
        return spec
    limits = folder.answers
    # All of [answers], and of the intents one.
    answers = {"text": limits.texts, "image": limits.images}.get(spec.name, [])
    calls = len(answers) + (not set(own) <= set(answers))
    return spec._replace(
        # Those of twbot.bot and twbot.llm.
        packages=tuple(dict.fromkeys((*spec.packages, "requests"))),
        memory=max(spec.memory, limits.memory),
        timeout=min(MAX_TIMEOUT, max(spec.timeout, calls * limits.timeout + BESIDE)),
        environment=tuple(dict.fromkeys((*spec.environment, *_BOT))),
        limits=_with_language_model(limits, own, folder),
    )


def _with_language_model(limits: Limits, runs: list[str], folder: BotFolder) -> Limits:
    llm = folder.llm
    if llm is None or not any(run.startswith("twbot.llm:") for run in runs):
        return limits
    secrets = [*limits.secrets, *([llm.key] if llm.key and llm.key not in limits.secrets else [])]
    bedrock = [] if llm.url else [Permission(actions=["bedrock:InvokeModel"], resources=_of_bedrock(llm.model))]
    return msgspec.structs.replace(limits, secrets=secrets, allow=[*limits.allow, *bedrock])


def _of_bedrock(model: str) -> list[str]:
    """Return the ARNs of a model as Bedrock names it: by its id, an inference profile's, or an ARN."""
    # A profile needs its models in all of its regions, too:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
    if model.startswith("arn:"):
        return [model, *(["arn:aws:bedrock:*::foundation-model/*"] if "inference-profile/" in model else [])]
    # The id of a profile is its model's with the area in front: eu.anthropic.claude-…. The areas grow in number, so
    # each id is allowed as either.
    models = [model, model.partition(".")[2]]
    return [
        *(f"arn:aws:bedrock:*::foundation-model/{each}" for each in models if each),
        f"arn:aws:bedrock:*:*:inference-profile/{model}",
    ]


def _of_rules_and_steps(folder: BotFolder) -> Iterator[FunctionSpec]:
    for rule in folder.rules:
        if address_on_aws(rule.to) is None:
            yield _own_function(own_rule(rule).target, rule, rule.run, "OWN_RULE")
    for step in folder.steps:
        yield _own_function(step_function(step), step, step.run, "OWN_STEP")


def _own_function(name: str, limits: Limits, run: str | None, variable: str) -> FunctionSpec:
    packages = (*_COMMON, "requests", "twitter-text-parser")
    runs = (run,) if run else ()
    # What only sends to an address uses no bus and no pictures.
    environment = (*(_BOT if run else (VARIABLE,)), variable)
    return FunctionSpec(name, OWN, packages, limits.memory, limits.timeout, environment, "own", runs, limits)
