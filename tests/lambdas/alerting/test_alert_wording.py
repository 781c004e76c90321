"""What an alert says, and how it shows whom and what it is about."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.alerts import angry, saying
from tests.support.bot_folders import make_bot
from twbot.lambdas.alerting.alert import alert_for
from twbot.lambdas.alerting.discord import discord_message
from twbot.lambdas.alerting.slack import slack_message
from twbot.lambdas.alerting.truncation import clean
from twbot.lambdas.aws.alert_topic import ascii_subject
from twbot.lambdas.plain_text import NOT_PLAIN

# Each hides or turns what follows, ends a line, or is no character at all.
HOSTILE = (
    *("\u202e", "\u2066", "\u200e", "\u061c", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\U000e0041"),
    *("\x00", "\x1b]52;c;aGk=\x07", "\x9b31m", "\x7f", "\ud800", "\u2028", "\u2029", "\x85", "\r", "\x0b", "\x0c"),
)
TEXTS = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20)), max_size=12).map("".join)


def test_an_alert_says_who_said_what_and_where() -> None:
    """Author, score, text as it was written, and the link to the post."""
    assert alert_for(angry(Text="I hate {this} <b>")).body == (
        "Negative message from @alice (how sure: 0.93) at 2026-11-23T10:00:00Z:\n\n"
        "I hate {this} <b>\n\nhttps://x.com/i/status/12"
    )


@pytest.mark.parametrize("analysis", [{"TextSentiment": "POSITIVE", "SentimentScore": {"Negative": 0.02}}, {}])
def test_an_alert_about_another_post_calls_it_not_negative(analysis: dict[str, object]) -> None:
    """[alerts] may ask for any post: subject, text and chats fit it, and name no confidence of a mood that it lacks."""
    alert = alert_for(angry(Text="The Espresso 3000 is here", Analysis=analysis))
    assert (alert.subject, alert.negative, alert.source) == ("Message on X", None, "@alice")
    assert alert.body.startswith("Message from @alice at 2026-11-23T10:00:00Z:\n\nThe Espresso 3000")
    for said in (alert.body, alert.source, str(slack_message(alert)), str(discord_message(alert))):
        assert "egative" not in said
        assert "sure" not in said


def test_what_is_missing_is_left_empty() -> None:
    """An alert without a score is an alert."""
    assert "(how sure: )" in alert_for(angry(Analysis={"TextSentiment": "NEGATIVE"})).body


def test_all_versions_of_a_post_are_one_alert() -> None:
    """Its id and its link are those of the first version."""
    alert = alert_for(angry(Twitter={"TweetId": "13", "UserId": "7", "FirstTweetId": "12"}))
    assert (alert.tweet_id, alert.link) == ("12", "https://x.com/i/status/12")
    assert alert.body.endswith("/status/12")


@pytest.mark.parametrize("surface", ["body", "source", "slack", "discord"])
def test_an_id_is_no_username(surface: str) -> None:
    """Where X did not name the author, people see "user 123", and no "@123", which is somebody else's name."""
    number = "2222222222222222222"
    alert = alert_for(angry(Author=number, Twitter={"TweetId": "12", "UserId": number}))
    said = {
        "body": alert.body,
        "source": alert.source,
        "slack": str(slack_message(alert)),
        "discord": str(discord_message(alert)),
    }[surface]
    assert f"user {number}" in said
    assert f"@{number}" not in said


@pytest.mark.parametrize("name", ["alice", "user", "2222", "_"])
def test_a_username_stays_one(name: str) -> None:
    """Also one that consists of digits: only the author's own id is no name."""
    alert = alert_for(angry(Author=name))
    assert alert.author == name
    assert alert.source.startswith(f"@{name},")
    assert f"from @{name} (" in alert.body


def is_harmless(character: str) -> bool:
    # The joiners stay within an emoji or a word that needs them.
    return character in "\n\u200c\u200d" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


@given(TEXTS)
@example("".join(HOSTILE) * 3)
def test_no_surface_shows_what_hides_or_turns_text(text: str) -> None:
    """Email, Slack and Discord alike; line ends are plain ones."""
    alert = alert_for(angry(Text=text))
    slack, discord = slack_message(saying(text)), discord_message(saying(text))
    for said in (alert.body, str(slack["text"]), discord["embeds"][0]["description"]):
        assert all(map(is_harmless, said)), ascii(said)


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60)).map(lambda name: f"eve{name}x"))
def test_an_author_is_one_line(author: str) -> None:
    """Whatever X says that somebody is called."""
    alert = alert_for(angry(Author=author))
    assert "\n" not in alert.source
    assert alert.body.startswith("Negative message from @eve")
    assert alert.body.partition("\n")[0].endswith("(how sure: 0.93) at 2026-11-23T10:00:00Z:")
    assert "\n" not in discord_message(alert)["embeds"][0]["author"]["name"]


@pytest.mark.parametrize("text", ["x" * 25_000, "😡" * 25_000, "\u202ex\n" * 9000])
def test_a_long_post_fits_into_an_sms(text: str) -> None:
    """SNS sends 1,600 characters; the link to the whole post is not cut off."""
    body = alert_for(angry(Text=text)).body
    assert len(body.encode("utf-16-le")) // 2 <= 1600
    assert body.endswith("…\n\nhttps://x.com/i/status/12")


@given(st.text())
def test_what_is_visible_stays(text: str) -> None:
    """In order; and what is clean already is not changed."""
    shown = clean(text)
    assert clean(shown) == shown
    kept, found = ([each for each in some if not NOT_PLAIN.match(each) and each != " "] for some in (text, shown))
    assert found == kept


@given(TEXTS)
def test_the_record_is_json(text: str) -> None:
    """Its text is data, and stays as it was written, but for halves of surrogate pairs, which no encoding takes."""
    whole = re.sub("[\ud800-\udfff]", "", text)
    assert msgspec.json.decode(msgspec.json.encode(alert_for(angry(Text=whole))))["text"] == whole


def test_alerts_are_in_the_operators_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the bot's first language, and as its folder says them; whole as an SMS whatever that is."""
    make_bot(
        tmp_path / "bot",
        monkeypatch,
        twbot_toml='[bot]\nlanguages = ["de"]\n',
        bot__chatbot_toml='[fallback]\nreplies = ["?"]\n',
    )
    words = f'alert-subject = "Über\\nuns"\nalert = "{"Achtung! " * 100}{{author}}: {{text}}"\n'
    (tmp_path / "bot" / "bot" / "wording.de.toml").write_text(words, "utf-8")
    negative = alert_for(angry(Text="Furchtbar"))
    assert negative.subject == "Negativer Beitrag auf X"
    assert negative.body.startswith("Negativer Beitrag von @alice (Sicherheit: 0.93) um 2026-11-23T10:00:00Z:\n\nFurch")
    assert negative.source == "@alice, Sicherheit: 93%"
    assert "|Auf X ansehen>" in str(slack_message(negative))
    other = alert_for(angry(Text="x" * 5000, Analysis={}))
    assert other.subject == "Über uns"
    assert len(other.body) == 1600


@pytest.mark.parametrize(
    ("subject", "taken"),
    [
        ("Message on X", "Message on X"),
        ("Über große Städte", "Uber grosse Stadte"),
        ("Сообщение в X", "Message on X"),
        ("x" * 200, "x" * 99),
        (" ", "Message on X"),
    ],
)
def test_sns_takes_the_subject(subject: str, taken: str) -> None:
    """It wants less than 100 characters of ASCII."""
    assert ascii_subject(subject) == taken
