"""The templates of a stage: app.py run in a process of its own, without credentials and without AWS."""

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
from twbot.lambdas.settings import FILE
from twbot.stacks.node import bin_folder

APP = Path(__file__).parents[2] / "app.py"
# As the CDK command says it to an app: logical ids get paths that people can read.
_PATHS = {"aws:cdk:enable-path-metadata": True, "aws:cdk:enable-asset-metadata": True}


class StackTemplate(NamedTuple):
    """`id` is CDK's name (Ingress-prod), `name` CloudFormation's (twbot-prod-ingress)."""

    id: str
    name: str
    path: Path

    @property
    def template(self) -> dict[str, Any]:
        body: dict[str, Any] = msgspec.json.decode(self.path.read_bytes())
        return body


class Assembly(NamedTuple):
    """A folder that the CDK command takes for an app, with the stacks in it, each after those it needs."""

    folder: Path
    stacks: tuple[StackTemplate, ...]


class AppFailed(TwbotError):
    """The app made no templates; what it said is in the log."""


def synthesize(
    stage: str, folder: Path, *, log: Path, config: Path = FILE, account_id: str, region: str | None = None
) -> Assembly:
    """Make the templates of a stage. `account_id`: the bot's on X. Raises AppFailed."""
    told = {"stage": stage, "config": str(config.absolute()), "twitterAccountId": account_id, "region": region or ""}
    environment = _environment(folder, {**_context(), **_PATHS, **told})
    ended = child.run([sys.executable, "-P", str(APP)], environment=environment, log=log)
    if ended.code:
        raise AppFailed(_words(ended.lines))
    return read(folder)


def read(folder: Path) -> Assembly:
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
    return Assembly(folder, tuple(_stacks(folder, manifest["artifacts"])))


def node_first(environment: dict[str, str]) -> dict[str, str]:
    return {**environment, "PATH": os.pathsep.join((str(bin_folder()), environment.get("PATH", os.defpath)))}


def _environment(folder: Path, context: dict[str, Any]) -> dict[str, str]:
    """The app needs nothing of AWS: it does not get any of it."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    return node_first(
        {**ours, "CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(context), "PYTHONUNBUFFERED": "1"}
    )


def _context() -> dict[str, Any]:
    """What cdk.json beside the app says, so that both commands make the same templates."""
    given: dict[str, Any] = msgspec.json.decode(APP.with_name("cdk.json").read_bytes())["context"]
    return given


def _stacks(folder: Path, artifacts: dict[str, Any]) -> Iterator[StackTemplate]:
    stacks = {name: each for name, each in artifacts.items() if each["type"] == "aws:cloudformation:stack"}
    placed: set[str] = set()
    while len(placed) < len(stacks):
        for name, each in stacks.items():
            needed = {other for other in each.get("dependencies", []) if other in stacks}
            if name not in placed and needed <= placed:
                placed.add(name)
                made = each["properties"]
                yield StackTemplate(name, made.get("stackName", name), folder / made["templateFile"])


def _words(lines: list[str]) -> str:
    """What the app says in one line; of a traceback the last one."""
    said = [line for line in lines if line.strip()]
    ours = [line.removeprefix("twbot: ") for line in said if line.startswith("twbot: ")]
    return (ours or said or ["The app said nothing."])[-1]
