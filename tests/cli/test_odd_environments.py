"""Commands in odd environments: each ends with one of our exit codes, and with words for people."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.paths import ROOT
from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.lambdas.contracts import Entry
from twbot.lambdas.wiring import RULES
from twbot.local.bus.bus import Bus
from twbot.local.data_folder import DataFolder

# Each command that ends by itself and needs neither a model, nor a network, nor CDK. FILE: a file to read or write.
COMMANDS = [
    line.split()
    for line in """
    --help
    --version
    status
    status --json
    doctor --no-models
    doctor --no-models --json
    tail --since 1h --limit 1
    tail --since 1h --limit 1 --json
    trace 1
    trace 1 --json
    query
    query authors
    query authors --csv
    query authors --chart
    query --columns --json
    export -o FILE.parquet
    export -o FILE/folder --json
    down
    down --json
    send hi --timeout 0
    up --x live --port 0
    up --x live --port 0 --config FILE
    up --detach --x live --port 0
    replies status
    replies pause --reason FILE
    replies pause --json
    replies resume
    replies limit --per-person 3
    replies optout add 7
    replies optout list
    replies optout remove 7
    alerts list
    alerts raised
    alerts subscribe slack --from FILE
    alerts remove abc
    alerts test
    dlq list
    dlq list --each --json
    dlq show 1
    dlq redrive --all
    dlq purge --all --yes
    replay --since 1h --dry-run
    replay list
    replay show x
    logs
    logs --json
    metrics
    metrics --csv
    rules list
    rules test FILE
    rules test -
    rules diagram
    forget 1 --dry-run
    celebrities list
    celebrities add Ada FILE
    celebrities remove Ada
    secrets show
    secrets set --from-file FILE
    secrets set --from-file -
    webhook list
    webhook check
    subscription list
    init --stage other
    init --stage other --force
    synth --stage prod --output FILE
    nonsense
    """.strip().splitlines()
]
BYTES = os.fsdecode(b"d\xff\xfe")
NAMES = [
    "data",
    BYTES,
    "two\nlines",
    "\x1b[31mred",
    "ü\u202e\u200b",
    "a" * 300,
    "taken/data",
    "taken",
    "[bold]",
    "it's $HOME",
]
CONTENTS = [b"", b"\xff\xfe", b"{}", b"\xef\xbb\xbf{}", "\ud83d".encode("utf-8", "surrogatepass"), b"[" * 5000, b"\0"]
ENVIRONMENTS: list[dict[str, str | None]] = [
    {},
    {"HOME": None},
    {"HOME": "/nonexistent"},
    {"TERM": "dumb"},
    {"TERM": None},
    {"COLUMNS": "0"},
    {"COLUMNS": "1"},
    {"COLUMNS": "40"},
    {"COLUMNS": "nonsense"},
    {"NO_COLOR": "1"},
    {"FORCE_COLOR": "1"},
    {"TZ": "Nowhere/Here"},
    {"TMPDIR": "/nonexistent"},
    {"TWBOT_HOME": ""},
    {"TWBOT_STAGE": ""},
    {"TWBOT_STAGE": "\x1b[31m"},
]


class Streams:
    """stdout and stderr of one kind, and what was written to them where that can be read."""

    def __init__(self, kind: str) -> None:
        self._kept = [io.BytesIO(), io.BytesIO()]
        self.streams = [self._stream(kind, kept) for kept in self._kept]

    def _stream(self, kind: str, kept: io.BytesIO) -> io.TextIOWrapper:
        if kind == "full":
            return Path("/dev/full").open("w", encoding="utf-8")
        if kind == "nobody":
            reader, writer = os.pipe()
            os.close(reader)
            return os.fdopen(writer, "w", encoding="utf-8")
        return io.TextIOWrapper(kept, encoding=kind, write_through=True)

    def text(self) -> str:
        return b"".join(kept.getvalue() for kept in self._kept).decode("latin-1")

    def close(self) -> None:
        for stream, kept in zip(self.streams, self._kept, strict=True):
            if stream.buffer is not kept:
                with contextlib.suppress(OSError):
                    stream.close()


@contextlib.contextmanager
def surroundings(
    tmp_path: Path, streams: Streams, environment: dict[str, str | None], stdin: bytes, gone: bool
) -> Iterator[None]:
    """Be in a folder of its own, which may be gone by now, with these streams and variables."""
    here = tmp_path / "here"
    here.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        for name, value in environment.items():
            patch.delenv(name, raising=False) if value is None else patch.setenv(name, value)
        patch.setattr(sys, "stdout", streams.streams[0])
        patch.setattr(sys, "stderr", streams.streams[1])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="ascii"))
        if gone:
            for each in here.iterdir():
                each.unlink() if each.is_file() else None
            with contextlib.suppress(OSError):
                here.rmdir()
        yield


def prepare(tmp_path: Path) -> None:
    """A file where a folder could be, and a bus with an event."""
    (tmp_path / "taken").write_bytes(b"")
    (tmp_path / "filled").mkdir()
    with Bus(DataFolder(tmp_path / "filled").bus, RULES) as bus:
        bus.publish([Entry(source="BOT", detail_type="TWEET_FAILED", detail={"Reason": "\x1b[31m\n"})])


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    command=st.sampled_from(COMMANDS),
    name=st.sampled_from([*NAMES, "filled", ""]),
    environment=st.sampled_from(ENVIRONMENTS),
    kind=st.sampled_from(["utf-8", "ascii", "latin-1", "utf-16", "full", "nobody"]),
    content=st.sampled_from(CONTENTS),
    gone=st.booleans(),
)
def test_nothing_that_should_not_happen(
    tmp_path: Path,
    command: list[str],
    name: str,
    environment: dict[str, str | None],
    kind: str,
    content: bytes,
    gone: bool,
) -> None:
    """No traceback, no odd exit code, whatever the folder, the terminal, the file and the streams are."""
    if not (tmp_path / "taken").exists():
        prepare(tmp_path)
    file = tmp_path / f"file {BYTES}"
    file.write_bytes(content)
    arguments = [each.replace("FILE", str(file)) for each in command]
    takes_data = command[0] not in {"--help", "--version", "init", "rules", "nonsense"} and name
    streams = Streams(kind)
    try:
        with surroundings(tmp_path, streams, environment, content, gone):
            code = run([*arguments, *(["--data", str(tmp_path / name)] if takes_data else [])])
        shown = streams.text()
    finally:
        streams.close()
    assert code in set(Exit), shown
    for word in ("should not happen", "Traceback"):
        assert word not in shown.replace("\0", ""), shown[-600:]


def in_a_process(*arguments: str, **more: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from twbot.cli.main import main; main()", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False, **more)  # type: ignore[call-overload, no-any-return]


def closing(*descriptors: int) -> Callable[[], None]:
    def close() -> None:
        for each in descriptors:
            os.close(each)

    return close


@pytest.mark.parametrize("descriptors", [(0,), (1,), (2,), (0, 1, 2)])
def test_closed_streams(tmp_path: Path, descriptors: tuple[int, ...]) -> None:
    """As a service manager or a script may start it."""
    done = in_a_process("status", "--data", str(tmp_path / "data"), preexec_fn=closing(*descriptors))
    assert done.returncode == 0
    assert b"Traceback" not in done.stdout + done.stderr
    assert not list(tmp_path.iterdir())  # and nothing was written into a file by mistake


def test_a_locale_without_most_characters(tmp_path: Path) -> None:
    """Escapes instead of an error, from the first character on."""
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
    done = in_a_process("replies", "status", "--data", str(tmp_path / "ü"), env=environment)
    assert done.returncode == 0
    assert done.stdout.isascii()
    done = in_a_process("trace", "ü", env=environment)
    assert done.returncode == Exit.USAGE
    assert b"no post's id" in done.stderr
