"""The tables of a bot's folder: those of twbot.toml, bot/chatbot.toml and bot/events.toml. See docs/reference.md.

They are data: to read them imports nobody's code.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Pattern = dict[str, Any]
# "bot.orders:status": a module of the folder, or of twbot itself, and the name of a function in it.
FUNCTION = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"
Function = Annotated[str, msgspec.Meta(pattern=FUNCTION)]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=900)]
# EventBridge's characters, and short enough for the stage's name in front:
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
RULE_NAME = r"^[a-z][a-z0-9-]*$"
RuleName = Annotated[str, msgspec.Meta(pattern=RULE_NAME, max_length=30)]
# The name of a state of the workflow and of a field in Analysis.Own, and so of a column in SQL.
STEP_NAME = r"^[A-Z][A-Za-z0-9]*$"
StepName = Annotated[str, msgspec.Meta(pattern=STEP_NAME, max_length=30)]
OWN_NAME = r"^[A-Z][A-Z0-9_]{0,59}$"
SecretName = Annotated[str, msgspec.Meta(pattern=OWN_NAME)]
# IAM refuses a policy with anything else, and the deployment fails:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
ACTION = r"^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$"
RESOURCE = r"^(\*|arn:[^:]+:[^:]+:[^:]*:[^:]*:.+)$"
Action = Annotated[str, msgspec.Meta(pattern=ACTION)]
Resource = Annotated[str, msgspec.Meta(pattern=RESOURCE)]
# Something to say: X takes no empty post.
WORDS = r"\S"
Words = Annotated[str, msgspec.Meta(pattern=WORDS)]
INTENT_NAME = r"^[0-9a-zA-Z][_-]?([0-9a-zA-Z][_-]?)*$"
# X's: https://help.x.com/en/managing-your-account/x-username-rules
USERNAME = r"^[A-Za-z0-9_]{1,15}$"
# What these take, for people whose file has something else.
PATTERNS = {
    FUNCTION: "module:function, such as bot.orders:status",
    RULE_NAME: "small letters, digits and hyphens, a letter first",
    STEP_NAME: "letters and digits, a capital first",
    OWN_NAME: "capitals, digits and underscores, a capital first, 60 at most",
    ACTION: "service:Action, such as dynamodb:PutItem",
    RESOURCE: "an ARN, or * for all",
    WORDS: "some text",
    USERNAME: "letters, digits and underscores, 15 at most",
    INTENT_NAME: "letters and digits, with single hyphens or underscores between them",
}


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table: an unknown key is refused."""


class Permission(Table, frozen=True, kw_only=True):
    """What a function may do on AWS, as in a statement of IAM."""

    actions: Annotated[list[Action], msgspec.Meta(min_length=1)]
    """Such as dynamodb:PutItem."""
    resources: Annotated[list[Resource], msgspec.Meta(min_length=1)]
    """ARNs, in which * is any text; or * for all."""


class Limits(Table, frozen=True, kw_only=True):
    """What a function gets."""

    secrets: list[SecretName] = []
    """Names of `twbot secrets put` that it may read, and no other."""
    packages: list[str] | None = None
    """Packages of requirements.txt that it needs; None: all of them."""
    memory: Annotated[int, msgspec.Meta(ge=128, le=10240)] = 512
    """MB, on AWS."""
    timeout: Seconds = 30
    """Seconds after which it is ended, on either platform."""
    allow: list[Permission] = []
    """What its role may do on AWS besides."""


class OwnRule(Limits, frozen=True, kw_only=True):
    """[[rules]]: events that match go to a function or to an address."""

    name: RuleName
    """Small letters, digits and hyphens; none of twbot's own rules has it."""
    when: Pattern
    """An EventBridge pattern over the envelope; without `detail-type` it is about MESSAGE_ANALYSED."""
    run: Function | None = None
    """The function: `bot.crm:ticket` is `ticket` in bot/crm.py. Either this or `to`."""
    to: str | None = None
    """https://…, or the ARN of an SQS queue, an SNS topic, a Lambda function or an event bus."""
    replays: bool = False
    """Whether it gets replayed events, too."""


class Answers(Limits, frozen=True, kw_only=True):
    """[answers]: functions that are asked before the chatbot; the first that says something answers.

    The limits are those of these functions and of the intents' `run`, each for itself.
    """

    texts: list[Function] = []
    """Asked about messages without pictures, in this order."""
    images: list[Function] = []
    """Asked about messages with pictures. The pictures of the reply stay as they are."""
    timeout: Annotated[int, msgspec.Meta(ge=1, le=60)] = 10
    """Seconds after which the next one is asked."""


class Alerts(Table, frozen=True, kw_only=True):
    """[alerts]: which messages raise an alert."""

    when: list[Pattern] = []
    """Patterns over MESSAGE_ANALYSED, any of them; none: negative sentiment."""


class Step(Limits, frozen=True, kw_only=True):
    """[[steps]]: a task of the workflow. What it returns is Analysis.Own.<name>.

    The event is the MESSAGE_RECEIVED. Of a picture its detail has the key, too:
    `bot.media.get(event.detail["Image"]["Key"])`.
    """

    name: StepName
    """Capitalised, letters and digits."""
    of: Literal["text", "image"]
    """What it is called for: each message with a text, or each picture."""
    run: Function
    """The function, which returns a dictionary."""
    # An execution of the workflow has five minutes; one that takes longer loses its message: docs/decisions/0026.
    timeout: Annotated[int, msgspec.Meta(ge=1, le=60)] = 30
    """Seconds after which the message goes on without it."""


# Said where a model is switched on.
LLM_NOTICE = (
    "A language model answers. X wants to approve of replies by AI beforehand, and to see them marked (made_with_ai): "
    "https://help.x.com/en/rules-and-policies/x-automation"
)


class Llm(Table, frozen=True, kw_only=True):
    """[llm]: the language model behind twbot.llm:answer. X wants to approve of replies by AI beforehand.

    https://help.x.com/en/rules-and-policies/x-automation
    """

    model: str
    """The model's name, as the API or Bedrock has it."""
    url: str | None = None
    """Address of an OpenAI-compatible API, such as https://api.example.com/v1; None: Bedrock, on AWS only."""
    key: SecretName | None = None
    """Name of the secret with the API's key; None: the API wants none."""
    instructions: str = ""
    """What the model is told before the post."""
    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=4096)] = 200
    """Tokens of an answer at most."""
    timeout: Annotated[float, msgspec.Meta(gt=0, le=60)] = 8.0
    """Seconds after which the chatbot answers instead."""
    dollars_per_day: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    """Spent in a day of UTC at most; then the chatbot answers."""
    dollars_per_million_input_tokens: Annotated[float, msgspec.Meta(ge=0)]
    """The model's price, by which the day's limit is counted; 0 for one that costs nothing."""
    dollars_per_million_output_tokens: Annotated[float, msgspec.Meta(ge=0)]
    """The model's price for what it writes."""


class BotTable(Table, frozen=True, kw_only=True):
    """[bot]."""

    languages: Annotated[list[str], msgspec.Meta(min_length=1)] = msgspec.field(default_factory=lambda: ["en"])
    """ISO 639-1 codes. A post is answered in its language where it is one of these, else in the first."""


class File(Table, frozen=True, kw_only=True):
    """twbot.toml."""

    bot: BotTable = BotTable()
    rules: list[OwnRule] = []
    answers: Answers = Answers()
    alerts: Alerts = Alerts()
    steps: list[Step] = []
    llm: Llm | None = None
    stages: dict[str, dict[str, Any]] = {}
    """The settings of the stages: lambdas/settings.py checks them."""


class Intent(Table, frozen=True, kw_only=True):
    """[[intents]] of bot/chatbot.toml: something that people say, and what is answered."""

    name: Annotated[str, msgspec.Meta(pattern=INTENT_NAME, max_length=100)]
    """Letters, digits, hyphens and underscores, as Lex takes it."""
    utterances: Annotated[list[Words], msgspec.Meta(min_length=1)]
    """Examples of what people say."""
    replies: list[Words] = []
    """Replies to choose from, where there is no `run` or it says nothing; none: the fallback's."""
    run: Function | None = None
    """The function that answers instead."""
    cheerful: bool = False
    """Whether its reply would hurt somebody who is sad or angry: the fallback answers posts of negative sentiment."""


class Fallback(Table, frozen=True, kw_only=True):
    """[fallback] of bot/chatbot.toml: the answer to what matches no intent."""

    replies: Annotated[list[Words], msgspec.Meta(min_length=1)]
    """Replies to choose from."""
    upset: list[Words] = []
    """The replies to posts of negative sentiment; none: the same as to others."""


class ChatbotFile(Table, frozen=True, kw_only=True):
    """bot/chatbot.toml, or bot/chatbot.<language>.toml."""

    intents: list[Intent] = []
    fallback: Fallback


# bot/events.toml: the fields of own events, by the events' types.
FieldType = Literal["text", "integer", "number", "boolean", "time"]
EventFields = dict[str, dict[str, FieldType]]
