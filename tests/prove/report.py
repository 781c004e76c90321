"""Writes docs/proof.md: where, with what and when the trials ran, and what came of each."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
import sqlite3
from collections.abc import Iterator, Sequence

from tests.prove.runner import Result
from tests.support.circumstances import machine
from tests.support.paths import ROOT
from twbot import __version__

PROOF = ROOT / "docs" / "proof.md"
LIBRARIES = ("uvicorn", "httptools", "duckdb", "pillow", "moto", "hypothesis")
BEFORE = """# Proof

`make prove` tries the promises of the [README](../README.md) on the running bot and writes this page. Each trial runs
`twbot up` as a process of its own beside a simulated X that never refuses a duplicate (its refusal would hide a second
reply), and compares what X delivered and was answered 200 with what came of it, from outside:

- nothing accepted is lost: it is answered, or an event or a dead letter says why not;
- a post and its edits have one reply at most, and each subscriber hears of it once;
- every accepted body is in the archive and in the lake;
- no secret is in what the bot writes, others may read nothing of it, no process is left behind, its memory is bounded.

Analysers that answer at once take the models' place, but in `as-shipped`, and waits for X are seconds instead of half a
minute. `aws-handlers` holds the functions of AWS to the same, in moto: any call of DynamoDB, EventBridge, SQS or X may
fail, before or after it acts, or be the last one of its invocation.

What is not promised: a webhook or a mailbox, unlike X, can't be asked whether it has an alert. One that was on its way
at a `kill -9` comes again; the trials count these.
"""


def write_report(results: Sequence[Result], seed: int, minutes: float, elapsed: float, commit: str) -> None:
    """Write the page. `elapsed`: seconds of the whole run; `commit`: what it ran on."""
    lines = [
        BEFORE,
        *_circumstances(seed, minutes, elapsed, commit),
        "",
        *_table(results),
        "",
        *_problems(results, seed, minutes),
    ]
    PROOF.write_text("\n".join(lines).rstrip() + "\n")


def _circumstances(seed: int, minutes: float, elapsed: float, commit: str) -> Iterator[str]:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    yield "## The last run"
    yield ""
    yield f"- {today}, twbot {__version__}, commit {commit}, {elapsed / 60:.1f} minutes"
    yield f"- Repeat it: `make prove SEED={seed} MINUTES={minutes:g}`"
    yield f"- One trial alone: `python -m tests.prove --seed {seed} --minutes {minutes:g} --only NAME`"
    yield f"- {machine()}"
    yield f"- Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}"


def _table(results: Sequence[Result]) -> Iterator[str]:
    yield "| trial | what it does | tried | lost | doubled | seconds | verdict | notes |"
    yield "|---|---|---|---|---|---|---|---|"
    for each in results:
        found, notes = each.trial, each.skipped or "; ".join(each.trial.notes)
        counts = f"{found.tried} | {len(found.lost)} | {len(found.doubled)} | {each.seconds:.0f}"
        yield f"| {each.declared.name} | {each.declared.what} | {counts} | {each.verdict} | {_cell(notes)} |"


def _problems(results: Sequence[Result], seed: int, minutes: float) -> Iterator[str]:
    broken = [each for each in results if each.verdict == "BROKEN"]
    skipped = [each for each in results if each.skipped]
    if skipped:
        yield f"Not counted as held, as they could not run there: {', '.join(each.declared.name for each in skipped)}."
        yield ""
    if broken:
        yield "## What did not hold"
        yield ""
    for each in broken:
        problems = dict.fromkeys([*each.trial.lost[:3], *each.trial.doubled[:3], *each.trial.violations])
        yield f"- `python -m tests.prove --seed {seed} --minutes {minutes:g} --only {each.declared.name}`"
        yield from (f"  - {_cell(problem.splitlines()[0])}" for problem in problems)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
