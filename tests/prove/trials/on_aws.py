"""The same promises of the AWS handlers: any call of DynamoDB, EventBridge, SQS or X may fail, or be the last one."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from tests.prove.account import BOT, Account, account
from tests.prove.model import posts_in
from tests.prove.trial import Trial, trial
from tests.prove.trials.bodies import v1_for, v2_for

Json = dict[str, Any]
SHARE = 0.12
WITH_REPLIES = "with-replies-20261125T000000Z-ab12"


@trial("aws-handlers", "the functions under moto: faults and deaths around each call, replays, edits, redrives")
def aws_handlers(trial: Trial) -> None:
    with account(trial.random) as aws:
        bodies = _plan(trial)
        accepted: list[Json] = []
        aws.chance.share = SHARE
        for number, body in enumerate(bodies):
            _deliver(trial, aws, body, accepted)
            aws.work()
            if number % 25 == 24:
                aws.replay(trial.random.choice((WITH_REPLIES, "replay-20261125T000000Z-ab12")))
                aws.redrive()
        aws.chance.share = 0.0
        for body in [body for body in bodies if body not in accepted]:
            # Until the lease of an invocation that died has ended.
            if not trial.until(lambda body=body: aws.webhook(body) == 200, 10, "a body is refused"):  # type: ignore[misc]
                trial.violations.append(f"the last error is {aws.last_error}")
        _rest(trial, aws)
        aws.replay(WITH_REPLIES)
        _rest(trial, aws)
        _audit(trial, aws, bodies)
        trial.note(f"{aws.chance.deaths} invocations died")


def _plan(trial: Trial) -> list[Json]:
    """Return the bodies of posts and of their edits, some of them twice and in both generations."""
    bodies: list[Json] = []
    for number in range(trial.times(60, least=8)):
        first = str(15 * 10**17 + number * 1000)
        mood = trial.random.choice(("", "I am angry "))
        post = {"id": first, "author": f"ada{number}", "author_id": str(100 + number), "text": f"@twbot {mood}{number}"}
        bodies += [trial.random.choice((v1_for, v2_for))(BOT, post) for _ in range(trial.random.randint(1, 2))]
        if trial.random.random() < 0.3:
            bodies.append(v2_for(BOT, {**post, "id": str(int(first) + 1)}, versions=[first, str(int(first) + 1)]))
    trial.random.shuffle(bodies)
    return bodies


def _deliver(trial: Trial, aws: Account, body: Json, accepted: list[Json]) -> None:
    """Deliver a body until it is accepted, as X does, a few times at most."""
    for _ in range(3):
        if aws.webhook(body) == 200:
            accepted.append(body)
            return


def _rest(trial: Trial, aws: Account, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while aws.waits or aws.redrive():
        aws.work()
        time.sleep(0.02)
        if time.monotonic() > deadline:
            trial.violations.append(f"the queue does not empty, the last error is {aws.last_error}")
            return


def _audit(trial: Trial, aws: Account, bodies: list[Json]) -> None:
    chain_of = {post.id: post.chain for body in bodies for post in posts_in(body, BOT)}
    chains = set(chain_of.values())
    replies = Counter(chain_of[reply.to] for reply in aws.x.replies)
    trial.tried += len(chains)
    trial.doubled += [f"{chain}: {count} replies" for chain, count in replies.items() if count > 1]
    trial.lost += [f"{chain}: no reply" for chain in chains - replies.keys()]
    _alerts(trial, aws, {post.chain for body in bodies for post in posts_in(body, BOT) if "angry" in post.text})
    sent = [event["detail"] for event in aws.archive if event["detail-type"] == "TWEET_SENT"]
    on_x = {reply.id for reply in aws.x.replies}
    trial.check(all(detail["TweetId"] in on_x for detail in sent), "TWEET_SENT names a reply that is not on X")
    told = {chain_of[detail["ReplyToTweetId"]] for detail in sent}
    trial.check(told >= set(replies), f"{len(set(replies) - told)} replies have no TWEET_SENT")
    raw = [event["detail"] for event in aws.archive if event["source"] == "TWITTER"]
    trial.check(all(body in raw for body in bodies), "a body is not on the bus")


def _alerts(trial: Trial, aws: Account, angry: set[str]) -> None:
    """People hear of each angry post once, and again only where the outcome of a publication was unknown."""
    told = Counter(aws.told())
    trial.lost += [f"{chain}: no alert" for chain in angry - told.keys()]
    trial.check(told.keys() <= angry, "an alert is about a post that is not angry")
    again, failures = told.total() - len(told), aws.failed["alert-on-negative"]
    trial.check(again <= failures, f"{again} alerts came again, though only {failures} invocations failed")
    trial.note(f"{again} alerts of unknown outcome came again")
