"""The kill switch, the opt-out list and the limits: the same cases over SQLite and DynamoDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from twbot.cli.operations.replies.aws import AwsReplies
from twbot.lambdas.aws.reply_store import DynamoReplies
from twbot.lambdas.egress.permission import HOUR, Choice, Permission, ReplyStore, Switch, Withheld, WithheldReason
from twbot.lambdas.errors import Temporary
from twbot.local.adapters.replies import LocalReplies


class Stage:
    """What twbot.cli.operations.replies.aws needs of a stage."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def output(self, service: str, name: str) -> str:
        assert (service, name) == ("egress", "RepliesTableName")
        return "replies"

    def client(self, _: str) -> Any:
        return self._client

    def translate_errors(self) -> Any:
        from twbot.cli.operations.aws_errors import translate_aws_errors

        return translate_aws_errors("prod")


@pytest.fixture(params=["local", "aws"])
def both(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    """What egress asks, and what operators change."""
    if request.param == "local":
        replies = LocalReplies(tmp_path / "replies.db")
        yield replies, LocalReplies(tmp_path / "replies.db")
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        make: Callable[..., Any] = boto3.client
        client = make("dynamodb", region_name="eu-west-1")
        client.create_table(
            TableName="replies",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield DynamoReplies(client, "replies"), AwsReplies(Stage(client))  # type: ignore[arg-type]


def reply(permission: Permission, user: str = "7") -> WithheldReason | None:
    """Why not; None when it was posted."""
    try:
        with permission.to_reply(user):
            return None
    except Withheld as withheld:
        return withheld.why


def test_paused_until_resumed_or_over(both: tuple[Any, Any]) -> None:
    """From the next reply on, with the reason; a pause for a time ends by itself."""
    asked, operator = both
    now = 1_000_000.0
    permission = Permission(asked, lambda: now)
    assert reply(permission) is None
    operator.save(Switch(paused=True, since=now, reason="odd"))
    with pytest.raises(Withheld, match="paused: odd"), permission.to_reply("7"):
        pytest.fail("posted")
    operator.save(Switch(paused=True, since=now, until=now + 60))
    assert reply(permission) == WithheldReason.PAUSED
    now += 60
    assert reply(permission) is None
    operator.save(Switch())
    assert (reply(permission), operator.switch()) == (None, Switch())


def test_who_wants_no_replies(both: tuple[Any, Any]) -> None:
    """That person only, until taken off the list."""
    asked, operator = both
    permission = Permission(asked)
    for user in ("12", "7", "7"):
        operator.opt_out(user)
    assert operator.opted_out_users() == ["7", "12"]
    assert [reply(permission, user) for user in ("7", "8")] == [WithheldReason.OPTED_OUT, None]
    operator.opt_in("7")
    assert reply(permission, "7") is None


def test_limits_of_an_hour(both: tuple[Any, Any]) -> None:
    """Each person's own, then everybody's; a new hour begins anew, and a failed reply counts for nothing."""
    asked, operator = both
    operator.save(Switch(per_person=1, per_hour=2))
    now = 10.0 * HOUR
    permission = Permission(asked, lambda: now)
    with pytest.raises(Temporary), permission.to_reply("1"):
        raise Temporary("X is down.")
    assert [reply(permission, user) for user in "1123"] == [
        None,
        WithheldReason.LIMIT_OF_PERSON,
        None,
        WithheldReason.LIMIT_OF_HOUR,
    ]
    operator.save(Switch(per_hour=3))
    assert [reply(permission, "3") for _ in range(2)] == [None, WithheldReason.LIMIT_OF_HOUR]
    now += HOUR
    assert reply(permission, "3") is None
    operator.save(Switch(per_person=0))
    assert reply(permission, "4") == WithheldReason.LIMIT_OF_PERSON


@pytest.mark.parametrize("minute", [0, 30, 59])
def test_counts_last_until_their_hour_ends(tmp_path: Path, minute: int) -> None:
    """Both platforms delete a count at `until`: an earlier time would lift the limit within its hour."""
    expiries: dict[str, float] = {}

    class RecordingReplies(LocalReplies):
        def take(self, count: str, most: int, *, until: float) -> bool:
            expiries[count] = until
            return super().take(count, most, until=until)

    store = RecordingReplies(tmp_path / "replies.db")
    store.save(Switch(per_person=1, per_hour=1))
    assert reply(Permission(store, lambda: 10.0 * HOUR + minute * 60), "7") is None
    assert expiries == {"10:7": 11 * HOUR, "10": 11 * HOUR}
    store.close()


@given(
    users=st.lists(st.sampled_from("123"), max_size=25),
    failing=st.sets(st.integers(0, 24)),
    person=st.integers(0, 4),
    everybody=st.integers(0, 8),
)
def test_never_more_than_allowed(
    tmp_path_factory: pytest.TempPathFactory, users: list[str], failing: set[int], person: int, everybody: int
) -> None:
    """Whoever asks at the same time, and whatever fails; and what is allowed is used."""
    store = LocalReplies(tmp_path_factory.mktemp("replies") / "replies.db")
    store.save(Switch(per_person=person, per_hour=everybody))
    permission, posted = Permission(store, lambda: 5.0 * HOUR), []

    def post(number: int) -> None:
        try:
            with permission.to_reply(users[number]):
                if number in failing:
                    raise Temporary("X is down.")
                posted.append(users[number])
        except (Withheld, Temporary):
            return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(post, range(len(users))))
    assert len(posted) <= everybody
    sound = [number for number in range(len(users)) if number not in failing]
    for number in sound * person:  # what a failure held back for a moment may be posted now
        post(number)
    assert all(posted.count(user) <= person for user in set(posted))
    assert len(posted) == min(everybody, person * len({users[number] for number in sound}))
    store.close()


def test_nobody_knows_means_no_reply_yet(tmp_path: Path) -> None:
    """Where the switch can't be read, the reply waits."""
    (tmp_path / "replies.db").write_bytes(b"not a database" * 100)
    store: ReplyStore = LocalReplies(tmp_path / "replies.db")
    with pytest.raises(Temporary, match=r"replies\.db is damaged"):
        reply(Permission(store))


def test_who_says_stop_gets_no_replies(both: tuple[Any, Any]) -> None:
    """Until they say that they want them back; the operator sees them, and can take them off the list."""
    asked, operator = both
    assert asked.choose("7", Choice(out=True, post="100"))
    assert (asked.opted_out("7"), operator.opted_out_users()) == (True, ["7"])
    assert not asked.choose("7", Choice(out=True, post="101"))
    assert asked.choose("7", Choice(out=False, post="102"))
    assert (asked.opted_out("7"), operator.opted_out_users()) == (False, [])
    asked.choose("7", Choice(out=True, post="103"))
    operator.opt_in("7")
    assert not asked.opted_out("7")


@given(
    posts=st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=8, unique_by=lambda each: each[0])
)
def test_the_last_word_counts(posts: list[tuple[int, bool]]) -> None:
    """In whatever order the posts are handled, and however often each: what the newest one says is in force."""
    said = dict(posts)
    known: Choice | None = None
    for post, out in [*posts, *posts]:
        known = Choice(out=out, post=str(post)).after(known) or known
    assert known is not None
    assert known.out == said[max(said)]


def test_the_operators_list_is_the_operators(both: tuple[Any, Any]) -> None:
    """Nobody takes themselves off it."""
    asked, operator = both
    operator.opt_out("7")
    assert not asked.choose("7", Choice(out=False, post="100"))
    assert asked.opted_out("7")
    assert operator.opted_out_users() == ["7"]


def test_a_person_gets_twenty_replies_an_hour_by_default(both: tuple[Any, Any]) -> None:
    """Two bots that answer each other end there: the one that gets no reply has nothing to reply to."""
    permission = Permission(both[0], lambda: 1_000_000.0)
    assert [reply(permission) for _ in range(21)] == [None] * 20 + [WithheldReason.LIMIT_OF_PERSON]
    assert reply(permission, "8") is None
