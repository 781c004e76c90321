"""Slack and Discord get an alert in their own form, and a stranger's words never mean anything there."""

from __future__ import annotations

import datetime
import html
import re
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.alerts import ANGRY, saying
from twbot.lambdas.alerting.alert import sample_alert
from twbot.lambdas.alerting.discord import discord_message
from twbot.lambdas.alerting.slack import slack_message

HOSTILE = [
    "<!channel> <!here> <@U123> <#C123|general> <https://evil.example|https://bank.example>",
    "@everyone @here <@123> <@&123> <#123> [bank](https://evil.example) **bold** `code` ||spoiler|| # big",
    "-# small\n> quote\n1. list\n<t:1:R> <:name:123> </cmd:1> https://evil.example",
    "&lt;!channel&gt; \\<@123> \\\\<@123>",
    "\u202eevil\u2066 \x00\x1b[31m",
]
TEXTS = st.one_of(st.text(max_size=200), st.text(st.sampled_from("<>@!#&|[]()*_`~\\:/-\n a"), max_size=200))
LINK = "https://x.com/i/status/12"


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [each for one in value.values() for each in strings(one)]
    if isinstance(value, list):
        return [each for one in value for each in strings(one)]
    return [value] if isinstance(value, str) else []


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_slack_says_who_said_what_and_where() -> None:
    """A heading, the words, then the author, the time and a link to the post; and a line for the notification."""
    message = slack_message(ANGRY)
    heading, words, context = message["blocks"]
    assert heading["text"]["text"] == "Negative message on X"
    assert words == {"type": "section", "text": {"type": "plain_text", "text": "I hate this", "emoji": False}}
    assert "@alice" in context["elements"][0]["text"]
    assert "93%" in context["elements"][0]["text"]
    assert f"<{LINK}|" in context["elements"][1]["text"]
    assert "I hate this" in message["text"]


def test_discord_says_who_said_what_and_where() -> None:
    """An embed that leads to the post; nobody may be pinged."""
    message = discord_message(ANGRY)
    (embed,) = message["embeds"]
    assert (embed["description"], embed["url"], embed["timestamp"]) == ("I hate this", LINK, ANGRY.time)
    assert embed["author"]["name"] == "@alice, how sure: 93%"
    assert message["allowed_mentions"] == {"parse": []}


@given(TEXTS)
@example(HOSTILE[0])
@example(HOSTILE[3])
def test_slack_makes_nothing_of_a_stranger_s_words(text: str) -> None:
    """No control character of Slack's outside our own link, and no markup: the words are plain text."""
    message = slack_message(saying(text))
    for each in strings(message):
        ours = each.replace(f"<{LINK}|See it on X>", "")
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", ours)
    section = [block for block in message["blocks"] if block["type"] == "section"]
    assert all(block["text"]["type"] == "plain_text" for block in section)
    if section and text.isprintable():
        assert html.unescape(section[0]["text"]["text"]) == text


@given(TEXTS)
@example(HOSTILE[1])
@example(HOSTILE[2])
@example(HOSTILE[3])
def test_discord_makes_nothing_of_a_stranger_s_words(text: str) -> None:
    """Every punctuation mark of the description is escaped, so that no markup, mention or link is left."""
    description = discord_message(saying(text))["embeds"][0]["description"]
    assert not re.search(r"[!-/:-@\[-`{-~]", re.sub(r"\\[!-/:-@\[-`{-~]", "", description))
    if text.isprintable():
        assert re.sub(r"\\(.)", r"\1", description) == text


@pytest.mark.parametrize("text", ["x" * 25_000, "<" * 25_000, "😡" * 25_000, "*😡" * 9000])
def test_long_posts_are_cut_to_what_is_taken(text: str) -> None:
    """Slack: 3,000 a block; Discord: 4,096, and 6,000 for the embed; escapes count, and none is cut in two."""
    for each in strings(slack_message(saying(text))):
        assert units(each) <= 3000
        assert not re.search(r"&[a-z]*…$", each)
    (embed,) = discord_message(saying(text))["embeds"]
    assert units(embed["description"]) <= 4096
    assert units("".join(strings(embed))) <= 6000
    assert embed["description"].endswith("…")
    assert re.fullmatch(r"(\\[!-/:-@\[-`{-~]|[^!-/:-@\[-`{-~])*", embed["description"])


@pytest.mark.parametrize("text", ["", " ", "\x00", "\u202e"])
def test_nothing_visible_is_no_block(text: str) -> None:
    """Slack refuses a block without words."""
    assert [block["type"] for block in slack_message(saying(text))["blocks"]] == ["header", "context"]


@pytest.mark.parametrize("make", [slack_message, discord_message])
def test_what_turns_or_hides_text_is_left_out(make: Any) -> None:
    """Neither control characters nor those that turn the direction of what follows get through."""
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069]", "".join(strings(make(saying(HOSTILE[4])))))


@pytest.mark.parametrize("make", [slack_message, discord_message])
def test_a_test_leads_to_no_post(make: Any) -> None:
    """It says that it is a test, and links nowhere."""
    said = "".join(strings(make(sample_alert(datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)))))
    assert "Test" in said
    assert "x.com" not in said


@pytest.mark.parametrize("tweet_id", ["12|evil", "../evil", "١٢", ""])
def test_only_an_id_makes_a_link(tweet_id: str) -> None:
    """What is not X's decimal id is no part of a link."""
    assert msgspec.structs.replace(ANGRY, tweet_id=tweet_id).link is None
