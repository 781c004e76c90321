"""Runs trials one after another and reports each in a line."""

from __future__ import annotations

import logging
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from tests.prove.trial import Declared, NotHere, Trial

WHOLE_RUN = 10.0
"""Minutes of a run at scale 1."""


class Result(NamedTuple):
    """What came of a trial."""

    declared: Declared
    trial: Trial
    seconds: float
    skipped: str | None = None
    """Why it could not run here."""

    @property
    def verdict(self) -> str:
        return "not run" if self.skipped else "held" if self.trial.is_clean else "BROKEN"


def run(chosen: Sequence[Declared], seed: int, minutes: float, *, write: bool = False) -> int:
    """Run the trials. Return 1 where a promise was broken, else 0."""
    console = Console(width=160, highlight=False)
    console.print(f"Seed {seed}, {len(chosen)} trials, scaled to {minutes:g} minutes.")
    from tests.prove.report import write_report
    from tests.support.circumstances import commit_of_checkout

    commit, began, results = commit_of_checkout(), time.monotonic(), []
    for declared in chosen:
        result = run_one(declared, seed, minutes / WHOLE_RUN)
        results.append(result)
        show(console, result, seed, minutes)
    elapsed = time.monotonic() - began
    broken = [each for each in results if each.verdict == "BROKEN"]
    skipped = [each for each in results if each.skipped]
    console.print(f"{len(results) - len(skipped)} trials in {elapsed / 60:.1f} minutes: {len(broken)} broken.")
    if skipped:
        console.print(f"Not counted, as they can't run here: {', '.join(each.declared.name for each in skipped)}.")
    if write:
        write_report(results, seed, minutes, elapsed, commit)
    return 1 if broken else 0


def run_one(declared: Declared, seed: int, scale: float) -> Result:
    """Run one trial in a folder of its own, which is deleted."""
    began, skipped = time.monotonic(), None
    with tempfile.TemporaryDirectory(prefix="twbot-prove-", ignore_cleanup_errors=True) as folder:
        trial = Trial(declared.name, seed, scale, Path(folder))
        # What the trials run within this process logs each of its failures.
        logging.disable(logging.CRITICAL)
        try:
            declared.run(trial)
        except NotHere as reason:
            skipped = str(reason)
        except Exception as error:
            trial.violations.append(f"the trial ended early: {error!r}\n{traceback.format_exc()}")
        finally:
            logging.disable(logging.NOTSET)
    return Result(declared, trial, time.monotonic() - began, skipped)


def show(console: Console, result: Result, seed: int, minutes: float) -> None:
    """Print a trial's line, and what it takes to repeat one that broke."""
    trial, colour = result.trial, {"held": "green", "BROKEN": "red"}.get(result.verdict, "yellow")
    counts = f"{trial.tried:6} tried {len(trial.lost):3} lost {len(trial.doubled):3} doubled"
    notes = result.skipped or "; ".join(trial.notes)
    console.print(
        f"[{colour}]{result.verdict:8}[/] {result.declared.name:18} {counts} {result.seconds:6.1f} s  ", end=""
    )
    console.print(notes, markup=False)
    for problem in (*trial.lost[:5], *trial.doubled[:5], *dict.fromkeys(trial.violations)):
        console.print(f"         {problem}", markup=False)
    if result.verdict == "BROKEN":
        again = f"python -m tests.prove --seed {seed} --minutes {minutes:g} --only {result.declared.name}"
        console.print(f"         Repeat it: {again}", markup=False)
