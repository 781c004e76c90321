"""Parses the progress of the CDK command (`--progress events`) into the state of each stack."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

State = Literal["waiting", "working", "done", "unchanged", "failed"]

_EVENT = re.compile(
    r"(?P<stack>[\w-]+) \| (?: *(?P<count>\d+)(?:/(?P<total>\d+))? \| )?[^|]+ \| (?P<status>[A-Z_]+)(?: \(skipped\))? *"
    r"\| (?P<type>\S+) *\| (?P<path>\S+)(?: \((?P<id>\w+)\))? *(?P<reason>.*)"
)
_BEGUN = re.compile(r"\S+ \((?P<stack>[\w-]+)\): (deploying|destroying)\.\.\.")
_ENDED = re.compile(r"\s*(?P<mark>[✅❌]) +\S+ (?:\((?P<stack>[\w-]+)\))?(?P<rest>.*)")
# CloudFormation's reasons for resources that it stopped because another one failed.
_CANCELLED = ("Resource creation cancelled", "Resource update cancelled")


class Event(NamedTuple):
    """An event of CloudFormation about a resource."""

    stack: str
    status: str
    """The resource's status, such as CREATE_COMPLETE."""
    type: str
    """The resource's type, such as AWS::SQS::Queue."""
    path: str
    """The resource's path in CDK."""
    reason: str
    """CloudFormation's reason; empty if it gives none."""
    number: int
    """How many resources of the stack are finished."""
    total: int
    """How many resources the stack has; 0 if unknown."""

    @property
    def failed(self) -> bool:
        """Return whether the resource itself failed, rather than being cancelled because another one did."""
        return self.status.endswith("_FAILED") and not self.reason.startswith(_CANCELLED)


def event(line: str) -> Event | None:
    """Parse a line; None if it is no event."""
    found = _EVENT.fullmatch(line.strip())
    if found is None:
        return None
    number, total = (int(found[name] or 0) for name in ("count", "total"))
    return Event(found["stack"], found["status"], found["type"], found["path"], found["reason"], number, total)


class StackState:
    """The progress of one stack: `count` of `total` resources are finished, `doing` is the one being worked on."""

    def __init__(self) -> None:
        self.state: State = "waiting"
        self.count = self.total = 0
        self.doing = ""


class Following:
    """Follows the state of these stacks (by CloudFormation's names), and the first failure."""

    def __init__(self, stacks: list[str]) -> None:
        self.stacks = {name: StackState() for name in stacks}
        self.failure: Event | None = None

    def line(self, line: str) -> None:
        """Take in one line of output."""
        if (happened := event(line)) is not None:
            self._happened(happened)
        elif (begun := _BEGUN.match(line)) is not None:
            self._set(begun["stack"], "working")
        elif (ended := _ENDED.match(line)) is not None:
            self._ended(ended)

    def named(self, *states: State) -> list[str]:
        """Return the names of the stacks in one of these states."""
        return [name for name, each in self.stacks.items() if each.state in states]

    def _happened(self, happened: Event) -> None:
        # The first failure is the cause, unless it has no reason: a later one may say more.
        if happened.failed and (self.failure is None or not self.failure.reason):
            self.failure = happened
        stack = self.stacks.get(happened.stack)
        if stack is not None and stack.state in ("waiting", "working"):
            stack.state = "working"
            stack.count = max(stack.count, happened.number)
            stack.total = max(stack.total, happened.total)
            stack.doing = f"{happened.type.removeprefix('AWS::')} {happened.path.rpartition('/')[2]}"

    def _ended(self, ended: re.Match[str]) -> None:
        # CDK may print the failure without the stack's name; whichever stack was worked on has failed.
        if ended["mark"] == "❌":
            for name in [ended["stack"]] if ended["stack"] else self.named("working"):
                self._set(name, "failed")
        elif ended["stack"]:
            self._set(ended["stack"], "unchanged" if "(no changes)" in ended["rest"] else "done")

    def _set(self, stack: str, state: State) -> None:
        if stack in self.stacks:
            self.stacks[stack].state = state
