"""The environment variables that twbot reads on somebody's machine: the help, `twbot config list` and docs/ list them.

Those of the functions on AWS, which the deployment sets, are in stacks/functions.py.
"""

from __future__ import annotations

import msgspec


class Variable(msgspec.Struct, frozen=True):
    """An environment variable."""

    name: str
    says: str
    """What it is for, in words."""
    secret: bool = False
    """Whether its value is never shown."""


PROJECT = Variable("TWBOT_PROJECT", "The folder of the bot, as --project says.")
HOME = Variable("TWBOT_HOME", "The data folder, as --data says.")
STAGE = Variable("TWBOT_STAGE", "Which bot, as --stage says: local, or a stage on AWS.")
TRACEBACK = Variable("TWBOT_TRACEBACK", "Show where an error that should not happen came from; anything but empty.")
BUNDLES = Variable("TWBOT_BUNDLES", "Where packages of functions on AWS come from: wheels, or installed.")
CONTROL_TOKEN = Variable(
    "TWBOT_SIMULATOR_CONTROL_TOKEN", "The token that steers a simulated X of its own process; made up without.", True
)
COMPLETE = Variable("_TWBOT_COMPLETE", "Which shell asks for completions: its script sets it.")

VARIABLES = (
    PROJECT,
    HOME,
    STAGE,
    TRACEBACK,
    BUNDLES,
    CONTROL_TOKEN,
    COMPLETE,
    Variable("XDG_CACHE_HOME", "The folder that caches are kept in; ~/.cache without."),
    Variable("NO_COLOR", "No colours; anything but empty."),
    Variable("COLUMNS", "The columns that tables have, where it is not the terminal that says so."),
    Variable("AWS_PROFILE", "The profile of AWS's credentials, where neither --profile nor the stage names one."),
    Variable("AWS_REGION", "The region, where neither --region nor the stage names one."),
    Variable("AWS_DEFAULT_REGION", "The region, where AWS_REGION is not set."),
    Variable("AWS_ACCESS_KEY_ID", "The key of AWS's credentials, where no profile has them.", True),
    Variable("AWS_SECRET_ACCESS_KEY", "The secret of that key.", True),
    Variable("AWS_SESSION_TOKEN", "The token of credentials that end by themselves.", True),
)
