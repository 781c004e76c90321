"""Runs the conversations of a bot's folder, side by side, on one bot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from twbot.local.conversations.records import Conversation, Difference, matches
from twbot.local.conversations.stage import Said, Stage
from twbot.local.simulator.sample_pictures import picture_at


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation, and how it ended."""

    conversation: Conversation
    said: Said
    differences: list[Difference]

    @property
    def ok(self) -> bool:
        return not self.differences


def run_conversations(stage: Stage, conversations: Sequence[Conversation], tests: Path) -> list[Outcome]:
    """Post all of them, wait until the bot is done, and compare. `tests`: the folder of their pictures."""
    posts = [
        stage.post(
            each.text,
            each.author,
            images=[picture_at(each.image, tests)] if each.image else [],
            followers=each.followers,
            verified=each.verified,
            language=each.language,
        )
        for each in conversations
    ]
    stage.settle()
    found = [stage.said(post) for post in posts]
    return [
        Outcome(conversation=each, said=said, differences=compare(each, said, stage.unclaimed()))
        for each, said in zip(conversations, found, strict=True)
    ]


def compare(expected: Conversation, said: Said, unclaimed: Sequence[str] = ()) -> list[Difference]:
    """Return what is otherwise than expected.

    unclaimed: types of events that are about no post, as those are that follow from an event of the bot's own: they
        count for whoever expects them
    """
    found = [
        Difference(what, wanted, got)
        for what, wanted, got in (
            ("intent", expected.intent, said.intent),
            ("by", expected.by, said.by),
            ("alert", expected.alert, said.alert),
        )
        if wanted is not None and wanted != got
    ]
    if said.failures:
        found.append(Difference("function", "no failure", said.failures[0].splitlines()[0]))
    if expected.reply is not None and not _is_reply(expected.reply, said.reply):
        found.append(Difference("reply", expected.reply, said.reply))
    if expected.events is not None and (
        set(expected.events) - {*said.events, *unclaimed} or set(said.own_events) - {*expected.events}
    ):
        got = said.own_events if not set(expected.events) & set(said.events) - set(said.own_events) else said.events
        found.append(Difference("events", expected.events, got))
    return found


def _is_reply(expected: str | bool, got: str | None) -> bool:
    return (got is not None) is expected if isinstance(expected, bool) else got is not None and matches(expected, got)
