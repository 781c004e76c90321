"""Replies: pause and resume, the limits, and the people who want none. Each change says first what it changes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.cli.console.pages import Console, Done, text_of
from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.replies.port import replies_of
from twbot.cli.ui.times import format_time, parse_duration
from twbot.lambdas.plain_text import one_line
from twbot.lambdas.x.post_ids import is_id

MAX_REASON = 200
MAX_LIMIT = 1_000_000
MAX_SHOWN = 500  # people
FIELDS = ("do", "reason", "for", "per_person", "per_hour", "user")


class Change(NamedTuple):
    """A change that somebody wants, before it is made."""

    title: str
    says: list[str]
    """What it changes, and how much."""
    button: str
    command: list[str]
    """The words of the `twbot` command that does the same."""
    done: str
    fields: Mapping[str, Any] = MappingProxyType({})
    """The fields of the switch that change."""
    opt_out: str = ""
    """The user who is to get no replies."""
    opt_in: str = ""
    """The user who is to get replies again."""


def routes(console: Console) -> list[Route]:
    def asked(request: Request) -> Response:
        wanted = {name: request.query_params[name] for name in FIELDS if name in request.query_params}
        return console.page(
            request, "replies_change.html", title="Replies", change=change_of(console, wanted), wanted=wanted
        )

    def change(_: Request, form: FormData) -> Done:
        wanted = change_of(console, {name: text_of(form, name) for name in form})
        store = replies_of(console.target)
        if wanted.opt_out:
            store.opt_out(wanted.opt_out)
        elif wanted.opt_in:
            store.opt_in(wanted.opt_in)
        else:
            fields = {"since": time.time(), **wanted.fields} if wanted.fields.get("paused") else wanted.fields
            store.save(msgspec.structs.replace(store.switch(), **fields))
        console.status.forget()
        return Done("/replies/people" if wanted.opt_in or wanted.opt_out else "/status", wanted.done)

    def people(request: Request) -> Response:
        found = replies_of(console.target).opted_out_users()
        return console.page(
            request, "replies_people.html", title="Who wants no replies", count=len(found), users=found[:MAX_SHOWN]
        )

    return [
        Route("/replies/change", asked),
        Route("/replies/change", console.action(change), methods=["POST"]),
        Route("/replies/people", people),
    ]


def change_of(console: Console, wanted: Mapping[str, str]) -> Change:
    """Return the change that a form asks for. Raises CliError."""
    make = CHANGES.get(wanted.get("do", ""))
    if make is None:
        raise CliError("There is no such change.", code=Exit.NOT_FOUND)
    return make(console, wanted)


def _pause(console: Console, wanted: Mapping[str, str]) -> Change:
    reason, length = one_line(wanted.get("reason", ""))[:MAX_REASON].strip(), wanted.get("for", "").strip()
    until = time.time() + parse_duration(length).total_seconds() if length else None
    end = f"until {format_time(until)}" if until else "until somebody resumes it"
    return Change(
        "Pause the replies?",
        [
            f"From the next reply on the bot answers nobody, {end}.",
            "Messages are still taken in, analysed and kept; alerts are still raised. A reply that is withheld ends as "
            "TWEET_WITHHELD, with its text, and can be sent later.",
            _of_last_hour(console),
        ],
        "Pause",
        ["replies", "pause", *(["--reason", reason] if reason else []), *(["--for", length] if length else [])],
        f"The bot does not reply any more, {end}.",
        {"paused": True, "until": until, "reason": reason or None},
    )


def _resume(console: Console, _: Mapping[str, str]) -> Change:
    switch = replies_of(console.target).switch()
    says = ["From the next message on the bot answers again: it posts to X."]
    if switch.paused and switch.since is not None:
        since = format_time(switch.since, utc=True).replace(" ", "T")
        later = console.command("replay", "--since", since, "--type", "SEND_TWEET", "--with-replies")
        says.append(f"What was withheld meanwhile is not sent by this. To send it: {later}")
    return Change(
        "Resume the replies?",
        [*says, _of_last_hour(console)],
        "Resume",
        ["replies", "resume"],
        "The bot replies again.",
        {"paused": False, "since": None, "until": None, "reason": None},
    )


def _limit(console: Console, wanted: Mapping[str, str]) -> Change:
    person, hour = (_number(wanted.get(name, "")) for name in ("per_person", "per_hour"))
    words = f"to one person {limit_text(person)}, to all {limit_text(hour)}"
    options = [("--per-person", person), ("--per-hour", hour)]
    given = [each for name, value in options if value is not None for each in (name, str(value))]
    return Change(
        "Limit the replies?",
        [
            f"In each hour of the clock the bot replies {words}. What is over a limit is withheld.",
            _of_last_hour(console),
        ],
        "Limit",
        ["replies", "limit", *(given or ["--none"])],
        f"The bot replies {words}.",
        {"per_person": person, "per_hour": hour},
    )


def _opt_out(_: Console, wanted: Mapping[str, str]) -> Change:
    user = _user(wanted)
    return Change(
        f"Never reply to the user {user} again?",
        ["The person gets no replies, whatever they write, until taken off the list."],
        "Put on the list",
        ["replies", "optout", "add", user],
        f"The user {user} gets no replies any more.",
        opt_out=user,
    )


def _opt_in(console: Console, wanted: Mapping[str, str]) -> Change:
    user = _user(wanted)
    if user not in replies_of(console.target).opted_out_users():
        raise CliError(f"The user {user} has not opted out.", code=Exit.NOT_FOUND)
    return Change(
        f"Reply to the user {user} again?",
        ["This person did not want replies, or you did not want them to have any."],
        "Take off the list",
        ["replies", "optout", "remove", user],
        f"The user {user} gets replies again.",
        opt_in=user,
    )


CHANGES = {"pause": _pause, "resume": _resume, "limit": _limit, "opt-out": _opt_out, "opt-in": _opt_in}


def limit_text(value: int | None) -> str:
    """Return a limit of replies in words."""
    return "without a limit" if value is None else f"at most {value:,} times"


def _of_last_hour(console: Console) -> str:
    found = console.status.get()
    sent = int(sum(found.last_hour.replies))
    return (
        f"In the last hour it sent {sent:,}, withheld {found.last_hour.withheld:,}; {found.waiting:,} deliveries wait."
    )


def _number(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text[:20]) <= MAX_LIMIT):
        raise CliError(f"{text[:20]!r} is no limit: write a number, or nothing.", code=Exit.USAGE)
    return int(text)


def _user(wanted: Mapping[str, str]) -> str:
    user = wanted.get("user", "").strip()
    if not user or not is_id(user):
        raise CliError(f"{user[:40]!r} is no user id: it is made of digits.", code=Exit.USAGE)
    return user
