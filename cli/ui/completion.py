"""Shell completion: of rules and event types, and of what the data folder has. It asks no network.

A callback may raise: cli/main.py says nothing then. What strangers wrote is never offered, as shells evaluate it: zsh's
script of Typer takes its answer through `eval`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twbot.cli.errors import CliError, Exit
from twbot.lambdas.folder.records import USERNAME
from twbot.lambdas.settings import LOCAL

if TYPE_CHECKING:
    from twbot.lambdas.contracts import Event
    from twbot.local.data_folder import DataFolder

MAX_POSTS = 20  # that are offered
MAX_READ = 200  # posts that are looked at for them, and for their authors
MAX_LETTERS = 50
# What a shell could take for more than a part of a name.
_NOT_PLAIN = re.compile(r"[^\w .,’'/+=@~-]")


def is_plain(name: str) -> bool:
    """Return whether no shell takes the name for more than a name."""
    return _NOT_PLAIN.search(name) is None


def complete_rules(incomplete: str) -> list[str]:
    """Return the names of the rules that begin like this."""
    from twbot.lambdas.wiring import rules

    return [rule.name for rule in rules() if rule.name.startswith(incomplete)]


def complete_types(incomplete: str) -> list[str]:
    """Return the event types that begin like this, in upper or lower case."""
    from twbot.lambdas.folder.event_types import event_types

    found = [name for name in event_types() if name.startswith(incomplete.upper())]
    # Typer offers only what begins as it was typed. Commands take either case.
    return [name.lower() for name in found] if incomplete.islower() else found


def known_types(given: list[str] | None) -> list[str]:
    """Return the event types in upper case. Raises CliError for an unknown one.

    Where the bot's folder has functions, they may publish any type, declared or not.
    """
    from twbot.lambdas.folder.event_types import is_own_type, publishes_others

    types = complete_types("")
    names = [name.upper() for name in given or []]
    if unknown := [name for name in names if name not in types and not (publishes_others() and is_own_type(name))]:
        hint = f"There are: {', '.join(types)}"
        raise CliError(f"There is no event type {unknown[0]}.", hint=hint, code=Exit.USAGE)
    return names


Types = Annotated[
    list[str] | None,
    typer.Option("--type", help="Only events of this type; may be repeated.", autocompletion=complete_types),
]


def complete_posts(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return the ids of the newest posts that begin like this, with their authors."""
    found = itertools.islice(_posts(context), MAX_POSTS)
    return [(name, author) for name, author in found if name.startswith(incomplete)]


def complete_authors(context: typer.Context, incomplete: str) -> list[str]:
    """Return who posted last, by names that begin like this, with an @ where one was typed."""
    at = "@" if incomplete.startswith("@") else ""
    found = dict.fromkeys(author for _, author in _posts(context))
    return [f"{at}{author}" for author in found if f"{at}{author}".startswith(incomplete)]


def complete_replays(context: typer.Context, incomplete: str) -> list[str]:
    """Return the names of the newest replays that begin like this."""
    from twbot.local.bus.replays import ReplayStore

    home = _home(context)
    if home is None or not home.replays.exists():
        return []
    store = ReplayStore(home.replays, read_only=True)
    try:
        return [each.name for each in store.newest(MAX_POSTS) if each.name.startswith(incomplete)]
    finally:
        store.close()


def complete_dead_letters(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return the ids of dead letters that begin like this, with their rules."""
    from twbot.local.bus.history import History

    home = _home(context)
    if home is None or not home.bus.exists():
        return []
    with History(home.bus) as history:
        letters = history.dead_letters(limit=MAX_LETTERS)
    return [(str(each.id), each.rule) for each in letters if str(each.id).startswith(incomplete)]


def complete_subscribers(context: typer.Context, incomplete: str) -> list[str]:
    """Return the ids of the alerts' subscribers that begin like this."""
    from twbot.local.adapters.subscribers import SubscriberFile

    home = _home(context)
    found = SubscriberFile(home.subscribers).all() if home is not None else []
    return [each.id for each in found if each.id.startswith(incomplete)]


def complete_people(context: typer.Context, incomplete: str) -> list[str]:
    """Return the people of the gallery whose names begin like this."""
    from twbot.cli.operations.people.local import LocalPeople

    home = _home(context)
    if home is None:
        return []
    names = [person.name for person in LocalPeople(home.folder).people()]
    return [name for name in names if name.startswith(incomplete) and is_plain(name)]


def _posts(context: typer.Context) -> Iterator[tuple[str, str]]:
    """Yield the id and the author of the newest posts that the data folder has."""
    from twbot.local.bus.history import History

    home = _home(context)
    if home is None or not home.bus.exists():
        return
    with History(home.bus) as history:
        for event in history.events(detail_type="MESSAGE_RECEIVED", limit=MAX_READ, newest_first=True):
            yield from _author(event)


def _author(event: Event) -> Iterator[tuple[str, str]]:
    from twbot.lambdas.x.post_ids import tweet_of

    post, author = tweet_of(event) or "", str(event.detail.get("Author", ""))
    if post.isascii() and post.isdecimal() and re.fullmatch(USERNAME, author):
        yield post, author


def _home(context: typer.Context) -> DataFolder | None:
    """Return the data folder that the command line names; None for a stage on AWS, which would have to be asked."""
    from twbot.local.data_folder import DataFolder, data_folder

    if context.params.get("stage", LOCAL) not in (LOCAL, None):
        return None
    given = context.params.get("data")  # a text still
    return DataFolder(data_folder(Path(given) if given else None))
