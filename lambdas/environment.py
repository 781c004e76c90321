"""The environment variables that twbot reads on somebody's machine: the help, `twbot config list` and docs/ list them.

Those of the functions on AWS, which the deployment sets, are in stacks/functions.py.
"""

from __future__ import annotations

import msgspec


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """An environment variable."""

    name: str
    says: str
    """What it is for, in words."""
    option: str = ""
    """The option that goes before it."""
    secret: bool = False
    """Whether its value is never shown."""

    @property
    def is_ours(self) -> bool:
        """Whether it is twbot's alone."""
        return "TWBOT_" in self.name


PROJECT = Variable(
    name="TWBOT_PROJECT",
    says="The folder of the bot: twbot.toml, bot/. Without it: the one in which a command is called.",
    option="--project",
)
HOME = Variable(
    name="TWBOT_HOME",
    says="The data folder of the bot on this machine. Without it: .twbot in the bot's folder.",
    option="--data",
)
STAGE = Variable(
    name="TWBOT_STAGE", says="Which bot the commands are about: local, or a stage on AWS.", option="--stage"
)
PAGER = Variable(name="TWBOT_PAGER", says="What shows long answers; cat: nothing does. Without it: PAGER, else less.")
TRACEBACK = Variable(
    name="TWBOT_TRACEBACK",
    says="Anything: show where an error that should not happen came from.",
)
BUNDLES = Variable(
    name="TWBOT_BUNDLES",
    says="Where the packages of functions on AWS come from: wheels, of the index; or installed, for tests.",
)
CONTROL_TOKEN = Variable(
    name="TWBOT_SIMULATOR_CONTROL_TOKEN",
    says="The token that steers a simulated X in a process of its own. Without it: one is made up.",
    secret=True,
)
COMPLETE = Variable(name="_TWBOT_COMPLETE", says="Which shell asks for completions: its script sets it.")

VARIABLES = (
    PROJECT,
    HOME,
    STAGE,
    PAGER,
    TRACEBACK,
    BUNDLES,
    CONTROL_TOKEN,
    COMPLETE,
    Variable(name="PAGER", says="What shows long answers, where TWBOT_PAGER does not say it."),
    Variable(name="LESS", says="Options of less. Without it: FRX."),
    Variable(
        name="XDG_CACHE_HOME",
        says="Where converted models and packages for Lambda are kept, in twbot. Without it: ~/.cache.",
    ),
    Variable(name="NO_COLOR", says="Anything: no colours."),
    Variable(name="FORCE_COLOR", says="Anything: colours even into a pipe."),
    Variable(name="COLUMNS", says="How wide answers are. Without it: as the terminal is."),
    Variable(
        name="AWS_PROFILE", says="The profile of AWS's credentials, where the stage names none.", option="--profile"
    ),
    Variable(name="AWS_REGION", says="The region of AWS, where the stage names none.", option="--region"),
    Variable(name="AWS_DEFAULT_REGION", says="The region, where AWS_REGION is not set.", option="--region"),
    Variable(name="AWS_ACCESS_KEY_ID", says="The key of AWS's credentials, where no profile has them.", secret=True),
    Variable(name="AWS_SECRET_ACCESS_KEY", says="The secret of that key.", secret=True),
    Variable(name="AWS_SESSION_TOKEN", says="The token of credentials that end by themselves.", secret=True),
)
