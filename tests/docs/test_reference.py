"""docs/reference.md has every key of a bot's folder, and what it means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from docs.events import RECORDED
from docs.prose import EVENTS, RAW_EVENTS
from docs.reference import TABLES
from tests.support.paths import ROOT
from twbot.lambdas.contracts import DETAILS, RAW_TYPES
from twbot.lambdas.folder.records import ChatbotFile, File
from twbot.lambdas.settings import Settings
from twbot.local.conversations.records import ConversationsFile
from twbot.stacks.config import AwsConfig

# A file is its tables.
FILES = (File, ChatbotFile, ConversationsFile)
PAGE = (ROOT / "docs" / "reference.md").read_text("utf-8")


def records(kind: Any) -> Iterator[type[msgspec.Struct]]:
    """Every record that is in a type."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
        for field in msgspec.structs.fields(kind):
            yield from records(field.type)
    for each in get_args(kind):
        yield from records(each)


def test_every_table_is_in_the_reference() -> None:
    """Those of the files, of a stage, and those in them."""
    found = {each for kind in (*FILES, Settings, AwsConfig) for each in records(kind)} - set(FILES)
    assert found == {record for _, record, _ in TABLES.values()}


@pytest.mark.parametrize("title", TABLES)
def test_every_key_is_there_and_says_what_it_means(title: str) -> None:
    """In its table."""
    section = PAGE.partition(f"\n## `{title}`\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (.*?) ?\|$", section, re.MULTILINE))
    assert set(rows) == {field.encode_name for field in msgspec.structs.fields(TABLES[title][1])}
    assert not [key for key, says in rows.items() if not says]


def test_every_event_has_prose_and_an_example() -> None:
    """Ours are recorded, too; of X's a sentence says what they are."""
    assert set(EVENTS) == set(DETAILS)
    assert set(RAW_EVENTS) == set(RAW_TYPES)
    assert not [name for name in DETAILS if not (RECORDED / f"{name}.json").is_file()]
    assert all([*EVENTS.values(), *RAW_EVENTS.values()])


def test_every_command_has_a_page_and_no_page_is_left_over() -> None:
    """The pages of docs/commands/ are those of the commands."""
    from docs.generate import documents

    generated = {path for path, _ in documents() if path.parent.name == "commands"}
    assert set((ROOT / "docs" / "commands").iterdir()) == generated
