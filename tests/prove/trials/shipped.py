"""The bot exactly as it is shipped: `twbot up` with real models and its own simulated X, killed once."""

from __future__ import annotations

import time

from tests.prove.model import audit
from tests.prove.rig import Rig
from tests.prove.trial import Trial, trial
from tests.support.paths import PICTURES

FACE = (PICTURES / "celebrity.jpg").read_bytes()
QUESTIONS = ("tell me a joke", "any fact for me?", "you are awful and I am angry", "who is this?", "what can you do?")


@trial("as-shipped", "`twbot up` with real models and nothing shortened: killed in the middle, each answered once")
def as_shipped(trial: Trial) -> None:
    rig = Rig(trial)
    rig.max_memory = 1_500_000_000
    try:
        rig.start_shipped()
        rig.subscribe_to_alerts()
        for number in range(trial.times(10, least=3)):
            question = trial.random.choice(QUESTIONS)
            pictures = [FACE] if question == "who is this?" else []
            rig.post(f"visitor{number}", f"@twbot {question} {number}", pictures=pictures)
        time.sleep(trial.random.uniform(0.5, 4.0))
        rig.kill_bot()
        rig.start_shipped()
        rig.settle(240)
        rig.peak = max(rig.peak, rig.bot.peak_memory())
        audit(trial, rig, everything_answered=True)
        trial.note(f"{rig.peak // 1_000_000} MB at most")
    finally:
        rig.close()
