"""kill -9 of the bot, of X and of both, at random moments; and the orderly end."""

from __future__ import annotations

import time

from tests.prove.model import audit
from tests.prove.rig import Rig, running
from tests.prove.trial import Trial, trial
from tests.prove.trials.traffic import Traffic


@trial("kill-the-bot", "kill -9 of the bot at random moments, some while it starts; X delivers on, some twice")
def kill_the_bot(trial: Trial) -> None:
    draw = trial.random.uniform
    plan = [(draw(0.2, 1.0), draw(0.1, 2.0) if draw(0, 1) < 0.25 else None) for _ in range(trial.times(8))]
    with running(trial) as rig:
        traffic = Traffic(trial, rig)
        for seconds, while_starting in plan:
            traffic.post_for(seconds)
            rig.kill_bot()
            if while_starting is not None:
                rig.start_bot(wait=False)
                time.sleep(while_starting)
                rig.kill_bot()
            rig.start_bot()
        rig.settle()
        audit(trial, rig, everything_answered=True)
        trial.note(f"{len(plan)} kills")


@trial("kill-replies", "kill -9 of the process that posts replies, while X loses answers; now and then of the bot, too")
def kill_replies(trial: Trial) -> None:
    plan = [(trial.random.uniform(0.1, 0.6), trial.random.random() < 0.25) for _ in range(trial.times(10))]
    with running(trial) as rig:
        traffic = Traffic(trial, rig)
        for seconds, and_the_bot in plan:
            if trial.random.random() < 0.7:
                rig.fail("lost_answer", count=trial.random.randint(1, 2))
            traffic.post_for(seconds)
            rig.kill_replies()
            if and_the_bot:
                rig.restart_bot()
        rig.settle()
        audit(trial, rig, everything_answered=True)
        trial.note(f"{len(plan)} kills")


@trial("kill-x", "kill -9 of X, also after it stored a reply whose answer then nobody hears")
def kill_x(trial: Trial) -> None:
    plan = [trial.random.uniform(0.1, 0.6) for _ in range(trial.times(8))]
    with running(trial) as rig:
        traffic = Traffic(trial, rig)
        for seconds in plan:
            traffic.post_for(seconds)
            _restart_x(rig)
        rig.settle()
        audit(trial, rig, everything_answered=True)
        trial.note(f"{len(plan)} kills of X")


@trial("kill-both", "kill -9 of the bot and of X, in any order, with lost answers in between")
def kill_both(trial: Trial) -> None:
    with running(trial) as rig:
        traffic = Traffic(trial, rig)
        for _ in range(trial.times(5)):
            rig.fail("lost_answer", count=trial.random.randint(1, 3))
            traffic.post_for(trial.random.uniform(0.2, 0.8))
            deaths = [lambda: _restart_x(rig), rig.restart_bot]
            trial.random.shuffle(deaths)
            for death in deaths[: trial.random.randint(1, 2)]:
                death()
        rig.settle()
        audit(trial, rig, everything_answered=True)


@trial("stop-in-order", "SIGTERM under load: it ends by itself, with 0, and the next start goes on")
def stop_in_order(trial: Trial) -> None:
    with running(trial) as rig:
        traffic = Traffic(trial, rig)
        for _ in range(trial.times(3)):
            traffic.post(20)
            began = time.monotonic()
            code = rig.stop_bot()
            trial.check(code == 0, f"SIGTERM ended it with {code}")
            trial.check(time.monotonic() - began < 20, "SIGTERM took over 20 s")
            rig.start_bot()
        rig.settle()
        audit(trial, rig, everything_answered=True)


def _restart_x(rig: Rig) -> None:
    rig.x.kill()
    rig.start_x()
