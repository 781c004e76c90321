"""Bursts, repetitions, disorder and edits: what X delivers, in whatever order and however often."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.prove.model import audit
from tests.prove.rig import Rig, running
from tests.prove.trial import Trial, trial
from tests.prove.trials.bodies import put_on_x, v1, v2
from tests.prove.trials.traffic import Traffic

CONNECTIONS = 50
Json = dict[str, Any]


@trial("burst", "signed webhooks from 50 connections at once; each answered within X's 10 seconds")
def burst(trial: Trial) -> None:
    with running(trial) as rig:
        count = trial.times(1500, least=60)
        posts = [put_on_x(rig, f"burst{n // 5}", f"@twbot number {n}") for n in range(count)]
        bodies = [trial.random.choice((v1, v2))(rig, post) for post in posts]
        began = time.monotonic()
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            timed = list(pool.map(lambda body: _timed(rig, body), bodies))
        taken = time.monotonic() - began
        slowest = max(seconds for _, seconds in timed)
        refused = [status for status, _ in timed if status != 200]
        trial.check(not refused, f"{len(refused)} refused, the first with {refused[:1]}")
        trial.check(slowest < 10, f"the slowest answer took {slowest:.1f} s")
        rig.settle(180)
        rig.peak = rig.bot.peak_memory()
        audit(trial, rig, everything_answered=True)
        trial.note(f"{count / taken:.0f} a second, slowest {slowest:.2f} s, {rig.peak // 1_000_000} MB at most")


@trial("disorder", "each post's events in both generations, shuffled, repeated, with and without its author")
def disorder(trial: Trial) -> None:
    with running(trial) as rig:
        queue: list[Json] = []
        for number in range(trial.times(60, least=8)):
            post = put_on_x(rig, f"disorder{number // 5}", f"@twbot I am angry {number}")
            queue += _events_of(trial, rig, post)
        trial.random.shuffle(queue)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(rig.deliver, queue))
        # X delivers again what was not answered with 200: the same bytes.
        for body in [body for body, status in zip(queue, answers, strict=True) if status != 200]:
            trial.until(lambda body=body: rig.deliver(body) == 200, 30, "a body is refused")  # type: ignore[misc]
        rig.settle()
        audit(trial, rig, everything_answered=True)
        trial.note(f"{len(queue)} deliveries")


@trial("edits", "posts that their authors edit up to five times, before, while and after they are answered")
def edits(trial: Trial) -> None:
    with running(trial) as rig:
        chains = [rig.post(f"editor{n}", f"@twbot version 0 {n}") for n in range(trial.times(30, least=4))]
        latest = dict.fromkeys(chains)
        for version in range(1, 6):
            for chain in trial.random.sample(chains, k=len(chains) // 2):
                latest[chain] = _edit(rig, latest[chain] or chain, f"@twbot I am angry, version {version}")
            if trial.random.random() < 0.3:
                rig.restart_bot()
            time.sleep(trial.random.uniform(0.0, 0.4))
        rig.settle()
        audit(trial, rig, everything_answered=True)
        trial.note(f"{len(chains)} chains")


@trial("resends", "X delivers everything again, byte for byte, while the bot is killed and its X changes generation")
def resends(trial: Trial) -> None:
    with running(trial) as rig:
        traffic = Traffic(trial, rig)
        for _ in range(trial.times(4)):
            traffic.post(10)
            for _ in range(20):
                traffic.resend()
            if trial.random.random() < 0.5:
                rig.restart_bot()
        rig.settle()
        audit(trial, rig, everything_answered=True)


def _edit(rig: Rig, post_id: str, text: str) -> str:
    return str(rig.sim("POST", f"/sim/posts/{post_id}/edit", {"text": text})["id"])


def _events_of(trial: Trial, rig: Rig, post: Json) -> list[Json]:
    """Return what X may deliver about a post, some of it twice or with its keys in another order."""
    found = [v2(rig, post, "post.create", named=False), v2(rig, post), v1(rig, post)]
    found = trial.random.sample(found, k=trial.random.randint(1, 3))
    if not any("data" not in body or body["data"]["event_type"] != "post.create" for body in found):
        found.append(v2(rig, post))
    again = trial.random.choice(found)
    return [*found, json.loads(json.dumps(again, sort_keys=trial.random.random() < 0.5))]


def _timed(rig: Rig, body: Json) -> tuple[int, float]:
    began = time.monotonic()
    return rig.deliver(body), time.monotonic() - began
