"""What the pages show can be used as it stands: each block of Python, TOML and JSON."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

import twbot.bot
from docs.name_examples import EXAMPLES
from tests.support.pages import BLOCKS, PAGES, Block, prose
from twbot.lambdas.folder.folder import read_folder
from twbot.lambdas.folder.toml_file import parse_toml
from twbot.lambdas.settings import load
from twbot.local.conversations.records import ConversationsFile

FILE = "twbot.toml"
# Each kind, and what tries its blocks.
TRIED = {
    "sh": "tests/docs/test_typed.py",
    "python": "here",
    "toml": "here",
    "json": "here",
    "yaml": "tests/stacks/test_own_stack.py",
    "text": "what a program printed, or another program's file",
}


def of(kind: str) -> list[Any]:
    return [pytest.param(block, id=str(block)) for block in BLOCKS if block.kind == kind]


def test_every_block_says_what_it_is() -> None:
    """So that something tries it."""
    assert not [str(block) for block in BLOCKS if block.kind not in TRIED]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_code_is_only_indented(page: Path) -> None:
    """Nothing would say what it is, and nothing would try it. Within a list a paragraph is indented, too."""
    in_list = False
    for before, line in itertools.pairwise(["", *prose(page).splitlines()]):
        if line and not line.startswith(" "):
            in_list = re.match(r"[-*]|\d+\.", line) is not None
        assert in_list or before or not line.startswith("    "), line


@pytest.mark.parametrize("block", of("python"))
def test_python_runs(block: Block) -> None:
    """Its imports are there and what it says of them holds. Examples of names are called by test_name_examples.py."""
    names: dict[str, Any] = {"__name__": "snippet"}
    if block.text.strip() in {each.strip() for each in EXAMPLES.values()}:
        names |= {each: getattr(twbot.bot, each) for each in twbot.bot.__all__}
    exec(compile(block.text, str(block), "exec", dont_inherit=True), names)


@pytest.mark.parametrize("block", of("toml"))
def test_toml_is_read(block: Block, tmp_path: Path) -> None:
    """By what reads the file of a bot's folder that its tables belong to."""
    (table,) = re.findall(r"\A(?:#.*\n)*\[+([\w.]+)\]", block.text)
    (tmp_path / "bot").mkdir()
    if table == "conversations":
        (file := tmp_path / "conversations.toml").write_text(block.text, "utf-8")
        assert not parse_toml(file, ConversationsFile).faults
        return
    name = "bot/chatbot.toml" if table in ("intents", "fallback") else "bot/events.toml" if table.isupper() else FILE
    (tmp_path / name).write_text(block.text, "utf-8")
    for language in re.findall(r'"(\w\w)"', "".join(re.findall(r"^languages = .*", block.text, re.MULTILINE))):
        (tmp_path / f"bot/chatbot.{language}.toml").write_text('[fallback]\nreplies = ["?"]\n', "utf-8")
    assert read_folder(tmp_path)
    for stage in re.findall(r"^\[stages\.(\w+)", block.text, re.MULTILINE):
        assert load(tmp_path / FILE, stage)


@pytest.mark.parametrize("block", of("json"))
def test_json_can_be_read(block: Block) -> None:
    """With no key twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    assert json.loads(block.text, object_pairs_hook=once)
