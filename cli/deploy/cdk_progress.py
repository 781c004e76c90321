"""How far the CDK command is: its lines (`--progress events`) as the state of each stack."""

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
_CANCELLED = ("Resource creation cancelled", "Resource update cancelled")


class Event(NamedTuple):
    """What CloudFormation did with a resource. `path` is CDK's name of it."""

    stack: str
    status: str
    type: str
    path: str
    reason: str
    number: int
    total: int

    @property
    def failed(self) -> bool:
        """Whether it is itself what went wrong, not what was stopped because something else did."""
        return self.status.endswith("_FAILED") and not self.reason.startswith(_CANCELLED)


def event(line: str) -> Event | None:
    found = _EVENT.fullmatch(line.strip())
    if found is None:
        return None
    number, total = (int(found[name] or 0) for name in ("count", "total"))
    return Event(found["stack"], found["status"], found["type"], found["path"], found["reason"], number, total)


class StackState:
    """`doing`: what CloudFormation works on."""

    def __init__(self) -> None:
        self.state: State = "waiting"
        self.count = self.total = 0
        self.doing = ""


class Following:
    """The states of these stacks (CloudFormation's names), and what failed first."""

    def __init__(self, stacks: list[str]) -> None:
        self.stacks = {name: StackState() for name in stacks}
        self.failure: Event | None = None

    def line(self, line: str) -> None:
        if (happened := event(line)) is not None:
            self._happened(happened)
        elif (begun := _BEGUN.match(line)) is not None:
            self._set(begun["stack"], "working")
        elif (ended := _ENDED.match(line)) is not None:
            self._ended(ended)

    def named(self, *states: State) -> list[str]:
        return [name for name, each in self.stacks.items() if each.state in states]

    def _happened(self, happened: Event) -> None:
        if happened.failed and (self.failure is None or not self.failure.reason):
            self.failure = happened
        stack = self.stacks.get(happened.stack)
        if stack is not None and stack.state in ("waiting", "working"):
            stack.state = "working"
            stack.count = max(stack.count, happened.number)
            stack.total = max(stack.total, happened.total)
            stack.doing = f"{happened.type.removeprefix('AWS::')} {happened.path.rpartition('/')[2]}"

    def _ended(self, ended: re.Match[str]) -> None:
        if ended["mark"] == "❌":
            for name in [ended["stack"]] if ended["stack"] else self.named("working"):
                self._set(name, "failed")
        elif ended["stack"]:
            self._set(ended["stack"], "unchanged" if "(no changes)" in ended["rest"] else "done")

    def _set(self, stack: str, state: State) -> None:
        if stack in self.stacks:
            self.stacks[stack].state = state
