"""SEND_TWEET becomes one reply on X and one event that says what became of it."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from twbot.lambdas.contracts import Entry, Event, ReplyImage, SendTweet, entry, new_event
from twbot.lambdas.egress.permission import Permission
from twbot.lambdas.egress.sender import Sender
from twbot.lambdas.errors import BadEvent, Temporary, XRefused, XUnavailable
from twbot.lambdas.x.errors import Reason
from twbot.local.adapters.idempotency import SqlitePersistence, idempotency_config
from twbot.local.adapters.replies import LocalReplies

NOW = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)


class RecordingX:
    """Posts unless `failures` has something to raise first."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.posted: list[tuple[str, str, list[str]]] = []
        self.uploaded: list[tuple[bytes, str | None]] = []

    def upload_image(self, data: bytes, alt_text: str | None) -> str:
        self.uploaded.append((data, alt_text))
        return f"m{len(self.uploaded)}"

    def reply(self, text: str, *, to_tweet_id: str, media_ids: Sequence[str] = ()) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.posted.append((text, to_tweet_id, list(media_ids)))
        return f"9{len(self.posted)}"


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

    @property
    def said(self) -> list[tuple[str, Any]]:
        return [(one.detail_type, one.detail.get("TweetId", one.detail.get("Reason"))) for one in self.entries]


class Egress:
    def __init__(self, folder: Path, x: RecordingX, *, in_progress: float = 60) -> None:
        self.x, self.media, self.bus = x, DictMedia(), RecordingBus()
        self.replies = LocalReplies(folder / "replies.db")
        self.store = SqlitePersistence(folder / "once.db")
        self.sender = Sender(
            x, self.media, self.bus, Permission(self.replies), self.store, idempotency_config(in_progress)
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
    egress = Egress(tmp_path, RecordingX())
    egress.sender.handle(command())
    egress.sender.handle(command(text="another try at the same post"))
    assert egress.x.posted == [("hi", "12", [])]
    assert [one.detail for one in egress.bus.entries] == [
        {"TweetId": "91", "ReplyToTweetId": "12", "ReplyToUserId": "7", "Text": "hi"}
    ]


def test_what_was_posted_while_the_bus_was_down_is_told_later_and_not_posted_again(tmp_path: Path) -> None:
    """However late: X may not know a duplicate any more by then."""
    egress = Egress(tmp_path, RecordingX())
    egress.bus.down = True
    with pytest.raises(Temporary):
        egress.sender.handle(command())
    egress.bus.down = False
    egress.sender.handle(command())
    assert egress.x.posted == [("hi", "12", [])]
    assert egress.bus.said == [("TWEET_SENT", "91")]


def test_posted_once_after_a_restart_too(tmp_path: Path) -> None:
    """What was posted is remembered on disk."""
    Egress(tmp_path, RecordingX()).sender.handle(command())
    again = Egress(tmp_path, RecordingX())
    again.sender.handle(command())
    assert again.x.posted == []


def test_many_threads_post_once(tmp_path: Path) -> None:
    """Those that come while one is at it are told to come later, or find it done."""
    egress = Egress(tmp_path, RecordingX())
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
    egress = Egress(tmp_path, RecordingX(XUnavailable("Too many.", retry_at=123.0)))
    with pytest.raises(XUnavailable) as error:
        egress.sender.handle(command())
    assert error.value.retry_at == 123.0
    assert egress.bus.entries == []
    egress.sender.handle(command())
    assert egress.bus.said == [("TWEET_SENT", "91")]


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.DUPLICATE])
def test_a_refusal_is_told_with_its_reason(tmp_path: Path, reason: Reason) -> None:
    """TWEET_FAILED, and the command counts as handled: nothing tries it again."""
    egress = Egress(tmp_path, RecordingX(refused(reason)))
    egress.sender.handle(command())
    assert egress.bus.said == [("TWEET_FAILED", reason.value)]
    assert egress.x.posted == []


def test_a_duplicate_is_done_already(tmp_path: Path) -> None:
    """X has the reply: that is what was wanted; its id is not known."""
    egress = Egress(tmp_path, RecordingX(refused(Reason.DUPLICATE)))
    egress.sender.handle(command())
    assert egress.bus.said == [("TWEET_SENT", None)]


def test_a_send_that_died_halfway_is_taken_over(tmp_path: Path) -> None:
    """Killed before it was noted: blocked until it counts as dead; then X's refusal of the duplicate settles it."""
    egress = Egress(tmp_path, RecordingX(KeyboardInterrupt()))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        egress.sender.handle(command())
    with pytest.raises(Temporary) as error:
        egress.sender.handle(command())
    assert error.value.retry_at is not None
    assert egress.x.posted == []
    egress.store._db.execute("UPDATE done SET blocked_until = 0")
    egress.x.failures.append(refused(Reason.DUPLICATE))
    egress.sender.handle(command())
    assert egress.bus.said == [("TWEET_SENT", None)]


def test_events_carry_a_key_of_their_own(tmp_path: Path) -> None:
    """So that a second TWEET_SENT or TWEET_FAILED of the same reply never reaches the bus."""
    refusal, another = refused(Reason.NO_CREDITS), refused(Reason.NO_CREDITS)
    egress = Egress(tmp_path, RecordingX(refusal, another))
    egress.sender.handle(command())
    egress.sender.handle(command(replay="with-replies-1"))
    egress.sender.handle(command())
    assert [one.dedup_key for one in egress.bus.entries] == ["failed:12", "failed:12@with-replies-1", "sent:12"]


@pytest.mark.parametrize("mark", [{"replay": "last-week"}, {"event_replay": "last-week"}])
def test_a_replay_is_not_answered_again(tmp_path: Path, mark: dict[str, str]) -> None:
    """Neither what a replay brings back, nor what that causes."""
    egress = Egress(tmp_path, RecordingX())
    egress.sender.handle(command(**mark))
    assert egress.x.posted == []


def test_a_replay_that_may_reply_answers_what_has_no_reply(tmp_path: Path) -> None:
    """Once the reason for a refusal is gone, a replay answers the post; whoever has a reply gets no second one."""
    egress = Egress(tmp_path, RecordingX(refused(Reason.NO_CREDITS)))
    for mark in ({}, {"event_replay": "with-replies-a"}, {"replay": "with-replies-a"}, {"replay": "with-replies-b"}):
        egress.sender.handle(command(**mark))
    assert len(egress.x.posted) == 1


def test_pictures_go_along_in_order(tmp_path: Path) -> None:
    """With their alternative texts, at most four; a picture that is gone is left out, the words still answer."""
    egress = Egress(tmp_path, RecordingX())
    egress.media.update({f"k{number}": bytes([number]) for number in range(4)})
    images = [ReplyImage(key=f"k{number}", alt_text=f"alt {number}") for number in (0, 9, 1, 2, 3)]
    egress.sender.handle(command(images=images, image_key="k0"))
    assert egress.x.uploaded == [(b"\0", "alt 0"), (b"\1", "alt 1"), (b"\2", "alt 2")]
    assert egress.x.posted == [("hi", "12", ["m1", "m2", "m3"])]


def test_the_source_designs_one_image_is_sent(tmp_path: Path) -> None:
    """A command with nothing but ImageKey."""
    egress = Egress(tmp_path, RecordingX())
    egress.media["k"] = b"x"
    egress.sender.handle(command(image_key="k"))
    assert egress.x.uploaded == [(b"x", None)]


def test_a_picture_over_five_megabytes_costs_nothing_but_itself(tmp_path: Path) -> None:
    """X takes no more: the words, and the other pictures, still answer."""
    egress = Egress(tmp_path, RecordingX())
    egress.media |= {"large": bytes(5_000_001), "small": bytes(5_000_000)}
    images = [ReplyImage(key="large"), ReplyImage(key="small")]
    egress.sender.handle(command(images=images))
    assert [len(data) for data, _ in egress.x.uploaded] == [5_000_000]
    assert len(egress.x.posted) == 1


def test_what_was_posted_is_what_is_told(tmp_path: Path) -> None:
    """A text that had to be cut is told as it stands on X."""
    egress = Egress(tmp_path, RecordingX())
    egress.sender.handle(command(text="word " * 100))
    assert egress.x.posted[0][0].endswith("word…")
    assert egress.bus.entries[0].detail["Text"] == egress.x.posted[0][0]


def test_a_broken_command_is_refused(tmp_path: Path) -> None:
    """The error names the field."""
    broken = Event(id="1", source="BOT", time="", detail={"Text": "hi"}, detail_type="SEND_TWEET")
    with pytest.raises(BadEvent, match="ReplyToUserId"):
        Egress(tmp_path, RecordingX()).sender.handle(broken)
