"""Turns EventBridge's replays into our records. What it has no field for is JSON in its Description."""

from __future__ import annotations

from typing import Any

import msgspec

from twbot.lambdas.contracts import REPLAY_WITH_REPLIES
from twbot.lambdas.replays import Replay, ReplayRequest, State
from twbot.lambdas.wiring import rules
from twbot.stacks.config import StageConfig
from twbot.stacks.names import rule_name

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_StartReplay.html
MAX_DESCRIPTION_LENGTH = 512
STATES: dict[str, State] = {
    "STARTING": "running",
    "RUNNING": "running",
    "CANCELLING": "cancelling",
    "COMPLETED": "done",
    "CANCELLED": "cancelled",
    "FAILED": "failed",
}


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay's Description holds."""

    events: int | None = None
    """How many events were counted when it was started."""
    types: list[str] = []

    def text(self) -> str:
        """Return the JSON, without the types where it would be too long."""
        whole = msgspec.json.encode(self).decode()
        return (
            whole
            if len(whole) <= MAX_DESCRIPTION_LENGTH
            else msgspec.json.encode(Description(events=self.events)).decode()
        )


def replay_in(found: dict[str, Any], stage: StageConfig) -> Replay:
    """Return the replay that an answer of DescribeReplay is about."""
    description, ended = _description(found.get("Description", "")), found.get("ReplayEndTime")
    request = ReplayRequest(
        since=found["EventStartTime"],
        until=found["EventEndTime"],
        types=description.types,
        rules=_rules(found.get("Destination", {}).get("FilterArns", []), stage),
        rate=None,
        with_replies=found["ReplayName"].startswith(REPLAY_WITH_REPLIES),
    )
    state = STATES[found["State"]]
    return Replay(
        name=found["ReplayName"],
        wanted=request,
        chosen=description.events,
        state=state,
        started=found["ReplayStartTime"].timestamp(),
        ended=ended.timestamp() if ended else None,
        error=found.get("StateReason") if state == "failed" else None,
        reached=found.get("EventLastReplayedTime"),
    )


def _description(text: str) -> Description:
    """Return what the text holds; nothing where the replay was started by other means."""
    try:
        return msgspec.json.decode(text, type=Description)
    except msgspec.MsgspecError:
        return Description()


def _rules(arns: list[str], stage: StageConfig) -> list[str]:
    ours = {rule_name(stage, rule.name): rule.name for rule in rules()}
    names = [arn.rpartition("/")[2] for arn in arns]
    return [ours.get(name, name) for name in names]
