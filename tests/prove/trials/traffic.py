"""What the trials post: many people, in both generations, some angry, some with a picture."""

from __future__ import annotations

import random
import time

import requests

from tests.prove.rig import Rig
from tests.prove.trial import Trial
from tests.support.paths import PICTURES

PICTURE = (PICTURES / "coffee.jpg").read_bytes()
GENERATIONS = (None, "v1.1", "x-activity")


class Traffic:
    """Posts that summon the bot, one after another."""

    def __init__(self, trial: Trial, rig: Rig, *, pictures: float = 0.05) -> None:
        self._trial, self._rig, self._pictures = trial, rig, pictures
        # Its own: how much is posted depends on the machine, and must not change what the trial draws next.
        self._random = random.Random(f"{trial.name} {trial.seed} traffic")
        self.ids: list[str] = []

    def post(self, count: int = 1) -> None:
        """Post so many more. Nobody posts so often that a reply is withheld."""
        chance = self._random
        for _ in range(count):
            number = len(self.ids)
            mood = "I am angry" if chance.random() < 0.2 else "tell me a joke"
            pictures = [PICTURE] if chance.random() < self._pictures else []
            author = f"{self._trial.name.replace('-', '_')[:8]}{number // 5}"
            text = f"@twbot {mood} {number}"
            self.ids.append(self._rig.post(author, text, pictures=pictures, generation=chance.choice(GENERATIONS)))

    def resend(self) -> None:
        """Have X deliver some earlier post again, byte for byte."""
        if self.ids:
            self._rig.sim("POST", f"/sim/posts/{self._random.choice(self.ids)}/resend")

    def post_for(self, seconds: float) -> None:
        """Post for a while, and have some delivered again. What X does not take is not posted."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                self.post()
                if self._random.random() < 0.3:
                    self.resend()
            except requests.RequestException:
                time.sleep(0.05)
