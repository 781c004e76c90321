"""What each function of the bot's folder is called with: its secrets and its time limit."""

from __future__ import annotations

from twbot.lambdas.folder.folder import BotFolder
from twbot.lambdas.folder.records import Limits
from twbot.lambdas.ports import Call

LLM = "twbot.llm:answer"
ANSWERS = "answers"


def named_secrets(folder: BotFolder) -> dict[str, list[str]]:
    """Return the names of all secrets that the folder's functions and addresses read, each with who reads it."""
    tables = [*((rule.name, rule) for rule in folder.rules), *((step.name, step) for step in folder.steps)]
    readers: list[tuple[str, Limits]] = [*tables, (ANSWERS, folder.answers)]
    found: dict[str, list[str]] = {}
    for reader, limits in readers:
        for name in limits.secrets:
            found.setdefault(name, []).append(reader)
    if folder.llm and folder.llm.key:
        found.setdefault(folder.llm.key, []).append("llm")
    return found


def answer_call(folder: BotFolder, run: str) -> Call:
    """Return the call of a function of [answers], or of an intent's `run`."""
    return call_of(folder, ANSWERS, run, folder.answers)


def call_of(folder: BotFolder, owner: str, run: str, limits: Limits) -> Call:
    """Return the call of a function. `owner`: the name of its rule or step, or ANSWERS."""
    key = folder.llm.key if folder.llm and run == LLM else None
    return Call(owner, run, tuple(dict.fromkeys([*limits.secrets, *([key] if key else [])])), limits.timeout)
