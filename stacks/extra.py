"""The CDK code of the bot's folder: `extra` in [stages.NAME.aws]. twbot.infra has the public names."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from aws_cdk import Environment, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from twbot.lambdas.errors import TwbotError
from twbot.stacks.config import StageConfig
from twbot.stacks.names import EXTRA_TAG


class Lake(NamedTuple):
    """The data lake."""

    bucket: s3.IBucket
    database: str
    """Its name in Glue, as is the table's."""
    table: str


class Twbot(NamedTuple):
    """The constructs of a stage that others may use."""

    bus: events.IEventBus
    """Every event: docs/for-other-teams.md."""
    alerts: sns.ITopic
    """The alerts, as people get them."""
    lake: Lake
    media: s3.IBucket
    """The pictures of posts, for a day, and of replies."""
    environment: Environment
    """The account and region of the stage: the `env` of a stack that uses these."""


Add = Callable[[Construct, StageConfig, Twbot], None]


def add_extra(scope: Construct, stage: StageConfig, twbot: Twbot, folder: Path) -> None:
    """Call the function that the stage names. Raises TwbotError: file, line, fault."""
    if stage.aws.extra is None:
        return
    module, _, name = stage.aws.extra.partition(":")
    sys.path.insert(0, str(folder))
    try:
        add: Add = getattr(importlib.import_module(module), name)
        before = {each.node.path for each in _stacks_in(scope)}
        add(scope, stage, twbot)
        for each in _stacks_in(scope):
            if each.node.path not in before:  # by it `twbot deploy` knows a stack that is added no more
                each.tags.set_tag(EXTRA_TAG, stage.name)
    except Exception as error:
        raise TwbotError(f"{_place(error, folder)}: {type(error).__name__}: {_first_line(error)}") from error


def _stacks_in(scope: Construct) -> list[Stack]:
    return [each for each in scope.node.find_all() if isinstance(each, Stack)] if scope else []


def _place(error: Exception, folder: Path) -> str:
    """Return the file and line of the folder's code where it failed; `extra` where that code was not reached."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = [each for each in traceback.extract_tb(error.__traceback__) if Path(each.filename).is_relative_to(folder)]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "extra"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
