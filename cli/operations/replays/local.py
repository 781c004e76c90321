"""The replays of this machine's bot. The running bot starts and cancels them, because it alone writes to its bus."""

from __future__ import annotations

from pathlib import Path

import msgspec

from twbot.cli.operations.local_stage import NotRunning
from twbot.lambdas.replays import Replay, ReplayCount, ReplayRequest, new_name, reaching_people
from twbot.local.bus.history import History
from twbot.local.bus.replays import ReplayStore, choose, prefix
from twbot.local.data_folder import DataFolder, data_option, running_bot
from twbot.local.server.control import ControlClient


class LocalReplays:
    """The replays of a data folder. Starting and cancelling raise NotRunning where no bot runs."""

    poll_interval = 0.1

    def __init__(self, folder: Path) -> None:
        self._folder, self._home = folder, DataFolder(folder)

    def fit(self, request: ReplayRequest) -> ReplayRequest:
        return request

    def count(self, request: ReplayRequest) -> ReplayCount:
        by_type: dict[str, int] = {}
        by_rule: dict[str, int] = {}
        with History(self._home.bus) as history:
            for event, rules in choose(history, request, new_name(prefix(request))):
                by_type[event.detail_type] = by_type.get(event.detail_type, 0) + 1
                for rule in rules:
                    by_rule[rule] = by_rule.get(rule, 0) + 1
        return ReplayCount(
            events=sum(by_type.values()),
            by_type=by_type,
            by_rule=by_rule,
            reaches_people=reaching_people(by_rule, with_replies=request.with_replies),
        )

    def start(self, request: ReplayRequest, events: int) -> Replay:  # noqa: ARG002 - the bot counts them itself
        return self._bot().start_replay(request)

    def cancel(self, name: str) -> Replay | None:
        return self._bot().cancel_replay(name)

    def named(self, name: str) -> Replay | None:
        return next((each for each in self.newest(10_000) if each.name == name), None)

    def newest(self, limit: int) -> list[Replay]:
        """Return the newest replays first. One that was running when its bot was killed is `interrupted`."""
        if not self._home.replays.exists():
            return []
        store = ReplayStore(self._home.replays, read_only=True)
        try:
            found = store.newest(limit)
        finally:
            store.close()
        if running_bot(self._folder) is not None:
            return found
        return [_interrupted(each) if each.state == "running" else each for each in found]

    def _bot(self) -> ControlClient:
        run = running_bot(self._folder)
        if run is None:
            raise NotRunning(f"No bot runs on {self._folder}.", f"Start it with: twbot up{data_option(self._folder)}")
        return ControlClient(run)


def _interrupted(replay: Replay) -> Replay:
    return msgspec.structs.replace(replay, state="interrupted")
