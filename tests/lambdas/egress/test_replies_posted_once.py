"""SEND_TWEET becomes one reply on X and one event that says what became of it."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.bot_folders import make_bot
from tests.support.timeline_x import Reply, TimelineX
from twbot.lambdas.contracts import Entry, Event, MessageReceived, ReplyImage, SendTweet, Twitter, entry, new_event
from twbot.lambdas.egress.attempts import Journal, OutcomeUnknown
from twbot.lambdas.egress.permission import Permission
from twbot.lambdas.egress.sender import Sender
from twbot.lambdas.errors import BadEvent, Temporary, XRefused, XUnavailable
from twbot.lambdas.x.errors import Reason
from twbot.local.adapters.attempts import LocalAttempts
from twbot.local.adapters.idempotency import SqlitePersistence, idempotency_config
from twbot.local.adapters.replies import LocalReplies

NOW = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)


class DictMedia(dict[str, bytes]):
    def put(self, key: str, data: bytes, content_type: str) -> None:
        self[key] = data

    def get(self, key: str) -> bytes:  # type: ignore[override]
        return self[key]


class RecordingBus:
    """What has a `dedup_key` key is taken once, as on either bus; `down` takes nothing."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.down = False

    def publish(self, entries: Sequence[Entry]) -> None:
        if self.down:
            raise Temporary("The bus is down.")
        known = {one.dedup_key for one in self.entries}
        self.entries += [one for one in entries if one.dedup_key is None or one.dedup_key not in known]

    def fix(self, key: str, value: str) -> str:
        raise NotImplementedError

    @property
    def said(self) -> list[tuple[str, Any]]:
        return [(one.detail_type, one.detail.get("TweetId", one.detail.get("Reason"))) for one in self.entries]


class Egress:
    def __init__(self, folder: Path, x: TimelineX, *, in_progress: float = 60) -> None:
        self.x, self.media, self.bus = x, DictMedia(), RecordingBus()
        self.now = 0.0
        self.replies = LocalReplies(folder / "replies.db")
        self.store = SqlitePersistence(folder / "once.db")
        self.sender = Sender(
            x,
            self.media,
            self.bus,
            Permission(self.replies),
            LocalAttempts(folder / "attempts.db"),
            self.store,
            idempotency_config(in_progress),
            lambda: self.now,
        )


def command(*, replay: str | None = None, event_replay: str | None = None, **fields: Any) -> Event:
    told = {"text": "hi", "reply_to_user_id": "7", "reply_to_tweet_id": "12", **fields}
    event = new_event(entry(SendTweet(**told, replay_name=replay)), NOW)
    return Event(**{name: getattr(event, name) for name in ("id", "source", "time", "detail", "detail_type")},
                 replay_name=event_replay)  # fmt: skip


def refused(reason: Reason) -> XRefused:
    return XRefused("X said no.", reason=reason, status=403)


def test_a_command_that_comes_twice_is_posted_once(tmp_path: Path) -> None:
    """And one TWEET_SENT names the new post, the post it answers and the text."""
    egress = Egress(tmp_path, TimelineX())
    egress.sender.handle(command())
    egress.sender.handle(command(text="another try at the same post"))
    assert egress.x.posted == [("hi", "12", [])]
    assert [one.detail for one in egress.bus.entries] == [
        {"TweetId": "91", "ReplyToTweetId": "12", "ReplyToUserId": "7", "Text": "hi"}
    ]


def test_what_was_posted_while_the_bus_was_down_is_told_later_and_not_posted_again(tmp_path: Path) -> None:
    """However late: X may not know a duplicate any more by then."""
    egress = Egress(tmp_path, TimelineX())
    egress.bus.down = True
    with pytest.raises(Temporary):
        egress.sender.handle(command())
    egress.bus.down = False
    egress.sender.handle(command())
    assert egress.x.posted == [("hi", "12", [])]
    assert egress.bus.said == [("TWEET_SENT", "91")]


def test_posted_once_after_a_restart_too(tmp_path: Path) -> None:
    """What was posted is remembered on disk."""
    Egress(tmp_path, TimelineX()).sender.handle(command())
    again = Egress(tmp_path, TimelineX())
    again.sender.handle(command())
    assert again.x.posted == []


def test_many_threads_post_once(tmp_path: Path) -> None:
    """Those that come while one is at it are told to come later, or find it done."""
    egress = Egress(tmp_path, TimelineX())
    together = threading.Barrier(8)
    unexpected: list[Exception] = []

    def deliver() -> None:
        together.wait()
        try:
            egress.sender.handle(command())
        except Temporary:
            pass
        except Exception as error:
            unexpected.append(error)

    threads = [threading.Thread(target=deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert unexpected == []
    assert len(egress.x.posted) == 1


def test_a_failure_that_passes_is_tried_again(tmp_path: Path) -> None:
    """X's wish when to come back reaches the bus, nothing is published, and the next try posts."""
    egress = Egress(tmp_path, TimelineX(XUnavailable("Too many.", retry_at=123.0, may_have_acted=False)))
    with pytest.raises(XUnavailable) as error:
        egress.sender.handle(command())
    assert error.value.retry_at == 123.0
    assert egress.bus.entries == []
    egress.sender.handle(command())
    assert egress.bus.said == [("TWEET_SENT", "91")]


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.DUPLICATE])
def test_a_refusal_is_told_with_its_reason(tmp_path: Path, reason: Reason) -> None:
    """TWEET_FAILED, and the command counts as handled: nothing tries it again."""
    egress = Egress(tmp_path, TimelineX(refused(reason)))
    egress.sender.handle(command())
    assert egress.bus.said == [("TWEET_FAILED", reason.value)]
    assert egress.x.posted == []


def test_a_duplicate_on_a_first_try_is_said_in_other_words(tmp_path: Path) -> None:
    """X refuses what the account said to somebody else. Nobody was answered yet: the reply goes out with its time."""
    egress = Egress(tmp_path, TimelineX(refused(Reason.DUPLICATE)))
    egress.sender.handle(command())
    assert egress.x.posted == [("hi (00:00:00.000)", "12", [])]
    assert [one.detail["Text"] for one in egress.bus.entries] == ["hi (00:00:00.000)"]


def test_a_duplicate_in_other_words_too_is_a_refusal(tmp_path: Path) -> None:
    """TWEET_FAILED with that reason: a post without a reply never counts as answered."""
    egress = Egress(tmp_path, TimelineX(refused(Reason.DUPLICATE), refused(Reason.DUPLICATE)))
    egress.sender.handle(command())
    assert egress.bus.said == [("TWEET_FAILED", "duplicate")]


def test_a_duplicate_of_this_very_reply_is_found(tmp_path: Path) -> None:
    """TWEET_SENT names the reply that stands on X."""
    egress = Egress(tmp_path, TimelineX())
    egress.x.replies.append(Reply("hi", "12", []))
    egress.x.failures.append(refused(Reason.DUPLICATE))
    egress.sender.handle(command())
    assert egress.bus.said == [("TWEET_SENT", "91")]


def test_a_duplicate_after_an_unheard_answer_waits(tmp_path: Path) -> None:
    """X refuses it and does not show it yet: it may be this very reply, and is not said in other words."""
    egress = Egress(tmp_path, TimelineX(lag=1000))
    egress.x.lost = 1
    with pytest.raises(XUnavailable):
        egress.sender.handle(command())
    egress.now = 100
    egress.x.failures.append(refused(Reason.DUPLICATE))
    with pytest.raises(OutcomeUnknown):
        egress.sender.handle(command())
    egress.x.lag = 0
    egress.sender.handle(command())
    assert egress.bus.said == [("TWEET_SENT", "91")]
    assert len(egress.x.posted) == 1


def test_words_that_somebody_else_got_are_no_proof(tmp_path: Path) -> None:
    """X shows no reply, refuses the words, and shows that somebody else got them: this post gets other words."""
    egress = Egress(tmp_path, TimelineX(XUnavailable("X cannot be reached: ReadTimeout.")))
    egress.x.replies.append(Reply("hi", "99", []))
    with pytest.raises(XUnavailable):
        egress.sender.handle(command())
    egress.now = 20
    egress.x.failures.append(refused(Reason.DUPLICATE))
    egress.sender.handle(command())
    assert egress.x.posted[1:] == [("hi (00:00:20.000)", "12", [])]
    assert egress.bus.said == [("TWEET_SENT", "92")]


def test_a_send_that_died_halfway_is_taken_over(tmp_path: Path) -> None:
    """Killed before it was noted: blocked until it counts as dead; then X is asked, and it is posted if it was not."""
    egress = Egress(tmp_path, TimelineX(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        egress.sender.handle(command())
    with pytest.raises(Temporary) as error:
        egress.sender.handle(command())
    assert error.value.retry_at is not None
    assert egress.x.posted == []
    egress.store._deadlines.clear()
    egress.store._db.execute("UPDATE done SET blocked_until = 0")
    with pytest.raises(OutcomeUnknown, match=r"^outcome-unknown: .* lag") as unknown:
        egress.sender.handle(command())
    egress.now = unknown.value.retry_at or 0.0
    egress.sender.handle(command())
    assert egress.bus.said == [("TWEET_SENT", "91")]
    assert egress.x.asked == 2


def test_an_unheard_answer_is_not_a_failure(tmp_path: Path) -> None:
    """X posted the reply: whoever asks for it again, in whatever words, finds it there, and its id is told."""
    egress = Egress(tmp_path, TimelineX())
    egress.x.lost = 1
    with pytest.raises(XUnavailable):
        egress.sender.handle(command())
    egress.sender.handle(command(text="another joke", replay="with-replies-1"))
    egress.sender.handle(command())
    assert egress.x.posted == [("hi", "12", [])]
    assert egress.bus.said == [("TWEET_SENT", "91")]


@pytest.mark.parametrize("heard_end", [True, False])
def test_a_timeline_may_lag_behind_a_slow_request(tmp_path: Path, heard_end: bool) -> None:
    """X posts when the request ends, not when it begins: the seconds for the timeline count from then."""
    now = 1000.0
    x = TimelineX(clock=lambda: now, lag=8.0)
    journal = Journal(LocalAttempts(tmp_path / "attempts.db"), x, "12", lambda: now)
    journal.begin("12")
    now += 20.0
    x.reply("hi", to_tweet_id="12")
    if heard_end:
        journal.ended()
    now += 1.0
    with pytest.raises(OutcomeUnknown) as unknown:
        journal.find_posted()
    now = unknown.value.retry_at or 0.0
    assert journal.find_posted() == "91"


def test_what_cannot_be_found_out_waits(tmp_path: Path) -> None:
    """X was not heard and can't be asked: the reply waits, and a dead letter of it would say why."""
    egress = Egress(tmp_path, TimelineX())
    egress.x.lost, egress.now = 1, 100.0
    with pytest.raises(XUnavailable):
        egress.sender.handle(command())
    egress.x.is_away, egress.now = True, 10_000.0
    with pytest.raises(OutcomeUnknown, match=r"^outcome-unknown: "):
        egress.sender.handle(command())
    egress.x.is_away = False
    egress.sender.handle(command())
    assert len(egress.x.posted) == 1


@pytest.mark.parametrize("problem", [XUnavailable("X answered 429.", retry_at=9.0, may_have_acted=False)])
def test_what_x_surely_did_not_post_is_not_asked_for(tmp_path: Path, problem: XUnavailable) -> None:
    """No connection, or a limit: the next try posts at once."""
    egress = Egress(tmp_path, TimelineX(problem))
    with pytest.raises(XUnavailable):
        egress.sender.handle(command())
    egress.sender.handle(command())
    assert egress.x.asked == 0
    assert egress.bus.said == [("TWEET_SENT", "91")]


def test_all_versions_of_an_edited_post_have_one_reply(tmp_path: Path) -> None:
    """Whichever of them is answered first."""
    egress = Egress(tmp_path, TimelineX())
    egress.sender.handle(command(reply_to_tweet_id="13", first_tweet_id="12"))
    egress.sender.handle(command())
    egress.sender.handle(command(reply_to_tweet_id="14", first_tweet_id="12"))
    assert egress.x.posted == [("hi", "13", [])]


def test_pictures_are_uploaded_once(tmp_path: Path) -> None:
    """However often the reply has to wait; again only when X has deleted them."""
    wait = XUnavailable("Too many.", retry_at=1.0, may_have_acted=False)
    egress = Egress(tmp_path, TimelineX(wait, wait, wait))
    egress.media |= {"a": b"1", "b": b"2"}
    images = [ReplyImage(key="a"), ReplyImage(key="b")]
    for _ in range(2):
        with pytest.raises(XUnavailable):
            egress.sender.handle(command(images=images))
    assert len(egress.x.uploaded) == 2
    egress.now = 24 * 3600.0
    with pytest.raises(XUnavailable):
        egress.sender.handle(command(images=images))
    egress.sender.handle(command(images=images))
    assert egress.x.posted == [("hi", "12", ["m3", "m4"])]


def test_events_carry_a_key_of_their_own(tmp_path: Path) -> None:
    """So that a second TWEET_SENT or TWEET_FAILED of the same reply never reaches the bus."""
    refusal, another = refused(Reason.NO_CREDITS), refused(Reason.NO_CREDITS)
    egress = Egress(tmp_path, TimelineX(refusal, another))
    egress.sender.handle(command())
    egress.sender.handle(command(replay="with-replies-1"))
    egress.sender.handle(command())
    assert [one.dedup_key for one in egress.bus.entries] == ["failed:12", "failed:12@with-replies-1", "sent:12"]


@pytest.mark.parametrize("mark", [{"replay": "last-week"}, {"event_replay": "last-week"}])
def test_a_replay_is_not_answered_again(tmp_path: Path, mark: dict[str, str]) -> None:
    """Neither what a replay brings back, nor what that causes."""
    egress = Egress(tmp_path, TimelineX())
    egress.sender.handle(command(**mark))
    assert egress.x.posted == []


def test_a_replay_that_may_reply_answers_what_has_no_reply(tmp_path: Path) -> None:
    """Once the reason for a refusal is gone, a replay answers the post; whoever has a reply gets no second one."""
    egress = Egress(tmp_path, TimelineX(refused(Reason.NO_CREDITS)))
    for mark in ({}, {"event_replay": "with-replies-a"}, {"replay": "with-replies-a"}, {"replay": "with-replies-b"}):
        egress.sender.handle(command(**mark))
    assert len(egress.x.posted) == 1


def test_pictures_go_along_in_order(tmp_path: Path) -> None:
    """With their alternative texts, at most four; a picture that is gone is left out, the words still answer."""
    egress = Egress(tmp_path, TimelineX())
    egress.media.update({f"k{number}": bytes([number]) for number in range(4)})
    images = [ReplyImage(key=f"k{number}", alt_text=f"alt {number}") for number in (0, 9, 1, 2, 3)]
    egress.sender.handle(command(images=images, image_key="k0"))
    assert egress.x.uploaded == [(b"\0", "alt 0"), (b"\1", "alt 1"), (b"\2", "alt 2")]
    assert egress.x.posted == [("hi", "12", ["m1", "m2", "m3"])]


def test_the_source_designs_one_image_is_sent(tmp_path: Path) -> None:
    """A command with nothing but ImageKey."""
    egress = Egress(tmp_path, TimelineX())
    egress.media["k"] = b"x"
    egress.sender.handle(command(image_key="k"))
    assert egress.x.uploaded == [(b"x", None)]


def test_a_picture_over_five_megabytes_costs_nothing_but_itself(tmp_path: Path) -> None:
    """X takes no more: the words, and the other pictures, still answer."""
    egress = Egress(tmp_path, TimelineX())
    egress.media |= {"large": bytes(5_000_001), "small": bytes(5_000_000)}
    images = [ReplyImage(key="large"), ReplyImage(key="small")]
    egress.sender.handle(command(images=images))
    assert [len(data) for data, _ in egress.x.uploaded] == [5_000_000]
    assert len(egress.x.posted) == 1


def test_what_was_posted_is_what_is_told(tmp_path: Path) -> None:
    """A text that had to be cut is told as it stands on X."""
    egress = Egress(tmp_path, TimelineX())
    egress.sender.handle(command(text="word " * 100))
    assert egress.x.posted[0][0].endswith("word…")
    assert egress.bus.entries[0].detail["Text"] == egress.x.posted[0][0]


def test_a_broken_command_is_refused(tmp_path: Path) -> None:
    """The error names the field."""
    broken = Event(id="1", source="BOT", time="", detail={"Text": "hi"}, detail_type="SEND_TWEET")
    with pytest.raises(BadEvent, match="ReplyToUserId"):
        Egress(tmp_path, TimelineX()).sender.handle(broken)


@pytest.mark.parametrize(
    ("language", "out", "words"),
    [
        ("de", True, "alice: Ich antworte dir nicht mehr."),
        ("de", False, "alice: Ich antworte dir wieder."),
        ("en", True, "alice: I won't reply to you any more."),
        (None, True, "alice: I won't reply to you any more."),
    ],
)
def test_an_opt_out_is_confirmed_in_the_authors_language(
    language: str | None, out: bool, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the bot has it, else in the bot's first."""
    chatbot = '[fallback]\nreplies = ["?"]\n'
    make_bot(
        tmp_path / "bot",
        monkeypatch,
        twbot_toml='[bot]\nlanguages = ["en", "de"]\n',
        **{"bot__chatbot_toml": chatbot, "bot__chatbot.de_toml": chatbot},
    )
    egress = Egress(tmp_path, TimelineX())
    if not out:
        egress.sender.handle(asking(True, language, post="11"))
    egress.sender.handle(asking(out, language, post="12"))
    assert egress.x.posted[-1][0].startswith(words)


def asking(out: bool, language: str | None, *, post: str) -> Event:
    twitter = Twitter(tweet_id=post, user_id="7")
    message = MessageReceived(
        text="stop", author="alice", summoned=True, twitter=twitter, language=language, opt_out=out
    )
    return new_event(entry(message), NOW)
