"""Replays and redrives in traffic, by the procedure of the operators' guide, also where X's answers were lost."""

from __future__ import annotations

import subprocess
import time

from tests.prove.model import audit
from tests.prove.rig import Rig, running
from tests.prove.trial import Trial, trial
from tests.prove.trials.traffic import Traffic

REPLAY = ("replay", "--since", "3h", "--type", "MESSAGE_RECEIVED", "--yes", "--json")
WITH_REPLIES = (*REPLAY, "--with-replies")


@trial("replays", "replays with replies, without, two at once, and redrives, in traffic with lost answers")
def replays(trial: Trial) -> None:
    with running(trial) as rig:
        traffic = Traffic(trial, rig)
        for _ in range(trial.times(4)):
            kind = trial.random.choice(("lost_answer", "unavailable", "forbidden", "timeout"))
            rig.fail(kind, count=trial.random.randint(2, 8))
            traffic.post(15)
            time.sleep(trial.random.uniform(0.0, 0.5))
            for step in trial.random.sample((WITH_REPLIES, REPLAY, ("dlq", "redrive", "--all")), k=2):
                _run(trial, rig, *step)
        rig.mend()
        rig.settle()
        _run(trial, rig, *WITH_REPLIES)
        rig.settle()
        audit(trial, rig, everything_answered=True)


@trial("replay-and-die", "paused, then two replays with replies at once, and the bot is killed in their middle")
def replay_and_die(trial: Trial) -> None:
    with running(trial) as rig:
        traffic = Traffic(trial, rig)
        _run(trial, rig, "replies", "pause")
        traffic.post(trial.times(60, least=10))
        rig.settle()
        _run(trial, rig, "replies", "resume")
        for _ in range(trial.times(2)):
            _run(trial, rig, *WITH_REPLIES, "--detach")
            time.sleep(trial.random.uniform(0.0, 0.6))
            rig.restart_bot()
        for _ in range(2):
            _run(trial, rig, *WITH_REPLIES)
            rig.settle()
        audit(trial, rig, everything_answered=True)


def _run(trial: Trial, rig: Rig, *command: str) -> None:
    try:
        said = rig.twbot(*command)
    except subprocess.TimeoutExpired:
        trial.violations.append(f"twbot {command[0]} does not end")
        return
    # 1: refused while another replay runs, or replies that are left out.
    trial.check(said.code in (0, 1, 4), f"twbot {' '.join(command)}: {said.code} {said.err[-300:]}")
