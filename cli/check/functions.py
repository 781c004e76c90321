"""Checks that the functions which the tables name can be imported, and take an event and a bot."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from twbot.cli.check.findings import Findings
from twbot.cli.check.importing import Imported
from twbot.cli.check.tables import Use
from twbot.local.child_python import import_path, python

SECONDS = 20.0  # of one import
_FRAME = re.compile(r'^  File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)


def check_functions(uses: Sequence[Use], folder: Path, findings: Findings, *, seconds: float = SECONDS) -> None:
    """Import each function in a process of its own, which is ended where one import takes too long."""
    found = {each.run: each for each in import_all([use.run for use in uses], folder, seconds)}
    for use in uses:
        _note(use, found[use.run], folder, findings, seconds)


def import_all(names: Sequence[str], folder: Path, seconds: float) -> Iterator[Imported]:
    """Yield what becomes of each function; the last thing known, where its import does not end."""
    waiting = list(dict.fromkeys(names))
    while waiting:
        ended = list(_import(waiting, folder, seconds))
        yield from ended
        done = {each.run for each in ended}
        waiting = [each for each in waiting if each not in done]


def _import(names: Sequence[str], folder: Path, seconds: float) -> Iterator[Imported]:
    """Yield what a process says of the functions, as far as it comes."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - our own module
            python("-m", "twbot.cli.check.importing", str(folder)),
            cwd=folder,
            env={**os.environ, "PYTHONPATH": import_path()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        with process:
            process.stdin.write("".join(f"{each}\n" for each in names).encode())
            process.stdin.close()
            under_way = Imported(run=names[0], state="begun")
            while True:
                timer = threading.Timer(seconds, process.kill)
                timer.start()
                line = process.stdout.readline()
                timer.cancel()
                if not line:
                    break
                said = msgspec.json.decode(line, type=Imported)
                under_way = said if said.state == "begun" else under_way
                if said.state != "begun":
                    yield said
                    under_way = Imported(run="", state="fine")
        if under_way.run:
            errors.seek(0)
            killed = process.returncode == -9
            last = errors.read().decode("utf-8", "replace").strip().splitlines()[-1:]
            yield msgspec.structs.replace(
                under_way, says="" if killed else f"ended the process ({process.returncode}) {' '.join(last)}".strip()
            )


def _note(use: Use, found: Imported, folder: Path, findings: Findings, seconds: float) -> None:
    named = f"{use.run}: "
    if found.state == "begun":
        says = found.says or f"its import does not end within {seconds:g} seconds"
        findings.wrong(use.path, use.line, f"{named}{says}.", "What takes time belongs into the function")
    elif found.state == "unfit":
        here = Path(found.file) if found.file else use.path
        hint = f"Write: def {use.run.partition(':')[2]}(event: Event, bot: Bot)"
        findings.wrong(here, found.line if found.file else use.line, f"{named}{found.says}.", hint)
    elif found.state == "failed":
        _note_failure(use, found, folder, findings)


def _note_failure(use: Use, found: Imported, folder: Path, findings: Findings) -> None:
    module, _, name = use.run.partition(":")
    says = found.says.removeprefix(f"{use.run}: ")
    if f"No module named '{module}'" in says or says.startswith("AttributeError: module") or "is no function" in says:
        file = "/".join(module.split(".")) + ".py"
        hint = f"Write def {name}(event, bot) in {file}, or name another" if not module.startswith("twbot.") else None
        findings.wrong(use.path, use.line, f"there is no function {use.run} ({says}).", hint)
        return
    frames = [each for each in _FRAME.finditer(found.traceback) if Path(each["file"]).is_relative_to(folder)]
    missing = re.search(r"No module named '([\w.]+)'", says)
    hint = f"If it is a package: name it in requirements.txt, then: pip install {missing[1]}" if missing else None
    if frames:
        here = frames[-1]
        findings.wrong(Path(here["file"]), int(here["line"]), f"{use.run} can't be imported: {says}", hint)
    else:
        findings.wrong(use.path, use.line, f"{use.run} can't be imported: {says}", hint)
