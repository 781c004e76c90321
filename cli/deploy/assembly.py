"""Synthesizes the templates of a stage: runs app.py in a process of its own, without AWS credentials."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from twbot.cli.deploy import subprocess_log as child
from twbot.lambdas.errors import TwbotError
from twbot.stacks.node import bin_folder

APP = Path(__file__).parents[2] / "app.py"
# The CDK command passes these to an app: resources get their construct paths as metadata, which people can read.
_PATHS = {"aws:cdk:enable-path-metadata": True, "aws:cdk:enable-asset-metadata": True}

# What app.py puts before the hint of an error.
HINT = "twbot's hint: "


class StackTemplate(NamedTuple):
    """A synthesized stack."""

    id: str
    """Its id in CDK, such as Ingress-prod."""
    name: str
    """Its name in CloudFormation, such as twbot-prod-ingress."""
    path: Path
    """The file with its template."""

    @property
    def template(self) -> dict[str, Any]:
        """Read the template."""
        body: dict[str, Any] = msgspec.json.decode(self.path.read_bytes())
        return body


class Assembly(NamedTuple):
    """A cloud assembly: a folder that the CDK command accepts in place of an app."""

    folder: Path
    stacks: tuple[StackTemplate, ...]
    """Each after the stacks that it depends on."""


class AppFailed(TwbotError):
    """The app made no templates; the log has its output."""


def synthesize(
    stage: str, folder: Path, *, log: Path, config: Path, account_id: str, region: str | None = None
) -> Assembly:
    """Make the templates of a stage in a folder. `account_id`: the bot's account on X. Raises AppFailed."""
    arguments = {
        "stage": stage,
        "config": str(config.absolute()),
        "twitterAccountId": account_id,
        "region": region or "",
    }
    environment = _environment(folder, {**_context(), **_PATHS, **arguments})
    # -P keeps the app's folder off sys.path, where our folders would be importable a second time, as `cli`, `lambdas`:
    # https://docs.python.org/3/using/cmdline.html#cmdoption-P
    ended = child.run([sys.executable, "-P", str(APP)], environment=environment, log=log)
    if ended.code:
        raise AppFailed(_failure(ended.lines), _hint(ended.lines))
    return read(folder)


def read(folder: Path) -> Assembly:
    """Read an assembly's manifest."""
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
    return Assembly(folder, tuple(_stacks(folder, manifest["artifacts"])))


def node_first(environment: dict[str, str]) -> dict[str, str]:
    """Return the environment with our own `node` first on PATH."""
    return {**environment, "PATH": os.pathsep.join((str(bin_folder()), environment.get("PATH", os.defpath)))}


def _environment(folder: Path, context: dict[str, Any]) -> dict[str, str]:
    # Synthesis calls nothing on AWS. Without these variables it cannot, and takes no account or region from them.
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    return node_first(
        {**ours, "CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(context), "PYTHONUNBUFFERED": "1"}
    )


def _context() -> dict[str, Any]:
    # Only the CDK command reads cdk.json; with its context, `cdk synth` and `twbot synth` make the same templates.
    context: dict[str, Any] = msgspec.json.decode(APP.with_name("cdk.json").read_bytes())["context"]
    return context


def _stacks(folder: Path, artifacts: dict[str, Any]) -> Iterator[StackTemplate]:
    """Yield the stacks in topological order."""
    stacks = {name: each for name, each in artifacts.items() if each["type"] == "aws:cloudformation:stack"}
    placed: set[str] = set()
    while len(placed) < len(stacks):
        for name, each in stacks.items():
            needed = {other for other in each.get("dependencies", []) if other in stacks}
            if name not in placed and needed <= placed:
                placed.add(name)
                properties = each["properties"]
                yield StackTemplate(name, properties.get("stackName", name), folder / properties["templateFile"])


def _failure(lines: list[str]) -> str:
    """Return the line that says why the app failed: our own error message, else the last line of a traceback."""
    output = [line for line in lines if line.strip()]
    ours = [line.removeprefix("twbot: ") for line in output if line.startswith("twbot: ")]
    return (ours or output or ["The app said nothing."])[-1]


def _hint(lines: list[str]) -> str | None:
    return next((line.removeprefix(HINT) for line in lines if line.startswith(HINT)), None)
