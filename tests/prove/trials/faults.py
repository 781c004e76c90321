"""X fails in every way that the simulated one knows, by a plan."""

from __future__ import annotations

import time
from typing import get_args

from tests.prove.model import audit
from tests.prove.rig import CALLS, running
from tests.prove.trial import Trial, trial
from tests.prove.trials.traffic import Traffic
from twbot.local.simulator.limits import CallFailure

KINDS: tuple[str, ...] = get_args(CallFailure)


@trial("x-fails", "each of X's failures at each of the calls that the bot makes, in traffic")
def x_fails(trial: Trial) -> None:
    plan = [(kind, call) for kind in KINDS for call in CALLS]
    trial.random.shuffle(plan)
    plan = plan[: trial.times(len(plan), least=6)]
    with running(trial) as rig:
        traffic = Traffic(trial, rig, pictures=0.3)
        for kind, call in plan:
            rig.fail(kind, call, count=trial.random.randint(1, 3), seconds=trial.random.choice((0.2, 1.0)))
            traffic.post(trial.random.randint(1, 4))
            time.sleep(trial.random.uniform(0.0, 0.3))
        time.sleep(2)
        rig.mend()
        rig.settle()
        audit(trial, rig)
        trial.note(f"{len(plan)} of {len(KINDS) * len(CALLS)} kinds of failure at calls")


@trial("lost-answers", "X stores every reply and its answers are lost, again and again, while the bot is killed")
def lost_answers(trial: Trial) -> None:
    with running(trial) as rig:
        traffic = Traffic(trial, rig, pictures=0.2)
        for _ in range(trial.times(4)):
            # All of them are used up: more replies are due than answers are lost.
            rig.fail("lost_answer", count=10)
            traffic.post(12)
            if trial.random.random() < 0.5:
                rig.restart_bot()
        rig.settle()
        audit(trial, rig, everything_answered=True)


@trial("x-is-away", "X answers nothing but 503 for a while; then everything is answered")
def x_is_away(trial: Trial) -> None:
    with running(trial) as rig:
        traffic = Traffic(trial, rig)
        for call in CALLS:
            rig.fail("unavailable", call, count=10_000)
        traffic.post(trial.times(40, least=5))
        time.sleep(trial.times(20, least=3))
        trial.check(bool(rig.waiting()), "replies were given up while X was away")
        rig.mend()
        rig.settle()
        audit(trial, rig, everything_answered=True)
