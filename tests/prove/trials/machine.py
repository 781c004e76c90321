"""What the machine does to the bot: a full disk, a clock that jumps, damaged files, a process number used again."""

from __future__ import annotations

import contextlib
import json
import resource
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.prove.model import audit
from tests.prove.processes import DidNotStart
from tests.prove.rig import Rig, running
from tests.prove.trial import NotHere, Trial, trial
from tests.prove.trials.bodies import put_on_x, v2
from tests.prove.trials.traffic import PICTURE, Traffic

HOUR = 3600
DISK = 160_000_000


@trial("full-disk", "the disk fills up in traffic: refused and not lost; pausing works; then it goes on")
def full_disk(trial: Trial) -> None:
    with _small_disk(trial) as (data, fill, free), running(trial, data=data) as rig:
        posts = [put_on_x(rig, f"disk{n // 5}", f"@twbot number {n}") for n in range(trial.times(60, least=20))]
        answers: list[int] = []
        for number, post in enumerate(posts):
            if number == len(posts) // 4:
                fill(rig)
            answers.append(rig.deliver(v2(rig, post)))
        said = rig.twbot("replies", "pause", "--reason", "the disk is full")
        trial.check(said.code == 0, f"replies pause on a full disk: {said.err[-300:]}")
        trial.check(set(answers) <= {200, 503}, f"answered {sorted(set(answers))}")
        trial.check(503 in answers, "the disk never was full enough to refuse anything")
        free(rig)
        trial.check(rig.twbot("replies", "resume").code == 0, "replies resume")
        trial.until(lambda: rig.deliver(v2(rig, posts[-1])) == 200, 60, "the bot does not take webhooks again")
        rig.settle()
        audit(trial, rig)
        trial.note(f"{answers.count(200)} taken, {answers.count(503)} refused")


@contextlib.contextmanager
def _small_disk(trial: Trial) -> Iterator[tuple[Path, Callable[[Rig], None], Callable[[Rig], None]]]:
    """Make a data folder, with functions that fill its disk and free it."""
    disk = trial.folder / "disk"
    disk.mkdir()
    size = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0700", "twbot-prove", str(disk)]
    if shutil.which("mount") and subprocess.run(size, capture_output=True, check=False).returncode == 0:
        trial.note("a tmpfs")
        try:
            yield disk / "data", lambda _: _fill(disk), lambda _: (disk / "filling").unlink()
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=False)
    elif sys.platform == "linux":
        trial.note("no mount here: a limit of the files' size")
        yield disk / "data", _limit, _unlimit
    else:
        raise NotHere("neither a tmpfs nor prlimit")


def _fill(disk: Path) -> None:
    with (disk / "filling").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 4096):
            pass


def _limit(rig: Rig) -> None:
    """Let no file of the bot grow: what it writes fails with EFBIG. The limit is the bus's size."""
    resource.prlimit(rig.bot.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))


def _unlimit(rig: Rig) -> None:
    resource.prlimit(rig.bot.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@trial("clocks", "the time of day jumps by hours and days, forth and back, while deliveries wait")
def clocks(trial: Trial) -> None:
    offset = _clock(trial)
    preload = {"LD_PRELOAD": str(trial.folder / "clock.so"), "TRIAL_CLOCK": str(offset)}
    with running(trial, preload=preload) as rig:
        traffic = Traffic(trial, rig)
        jumps = [-5 * HOUR, 3 * HOUR, -3 * HOUR, 48 * HOUR, -49 * HOUR, 5 * HOUR]
        for jump in trial.random.sample(jumps, k=trial.times(4, least=1)):
            rig.fail("unavailable", count=5)
            traffic.post(6)
            time.sleep(trial.random.uniform(0.1, 0.5))
            offset.write_bytes(struct.pack("q", struct.unpack("q", offset.read_bytes())[0] + jump))
            rig.mend()
            traffic.post(4)
            rig.settle(30)
            trial.note(f"{jump / HOUR:+.0f} h")
        audit(trial, rig, everything_answered=True)


def _clock(trial: Trial) -> Path:
    """Build the library that shifts the clock. Return the file with the seconds."""
    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        raise NotHere("the clock is shifted by a library for Linux, and there is no C compiler (cc)")
    source = Path(__file__).parents[1] / "clock.c"
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(trial.folder / "clock.so"), str(source), "-ldl"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        raise NotHere(f"the C compiler fails: {built.stderr.strip()[-200:]}")
    offset = trial.folder / "clock"
    offset.write_bytes(struct.pack("q", 0))
    return offset


@trial("damaged-files", "each SQLite file, state file and lake file is cut off or garbled: named, in words")
def damaged_files(trial: Trial) -> None:
    with running(trial) as rig:
        Traffic(trial, rig, pictures=0.3).post(trial.times(30, least=10))
        rig.settle()
        rig.stop_bot()
        files = sorted(path for path in rig.home.folder.glob("*") if path.suffix in (".db", ".json"))
        files = [path for path in files if path.stat().st_size > 100 and path.name != "run.json"]
        files += trial.random.sample(lake := sorted(rig.home.lake.rglob("*.gz")), k=min(2, len(lake)))
        files = trial.random.sample(files, k=min(len(files), trial.times(6, least=2)))
        for path in files:
            _damage_one(trial, rig, path)
        rig.start_bot()
        rig.settle()
        audit(trial, rig, everything_answered=True)
        trial.note(", ".join(path.name for path in files if path.suffix != ".gz"))


def _damage_one(trial: Trial, rig: Rig, path: Path) -> None:
    """Damage a file, look at what start and `doctor` say, and put it back as it was."""
    whole = path.read_bytes()
    how = trial.random.choice((_cut_off, _garbled, _headless))
    path.write_bytes(how(trial, whole))
    damaged = path.read_bytes()
    logged = rig.home.log.stat().st_size
    said = _start_anyway(rig)
    if rig.bot.is_alive and path != rig.home.bus:
        # Whatever is kept of an alert and a reply is read and written. X delivers again what is refused.
        rig.post("victim", f"@twbot I am angry about {path.name}", pictures=[PICTURE])
        _until_logged(rig, path.name, logged)
    said += rig.home.log.read_bytes()[logged:].decode(errors="replace")
    doctor = rig.twbot("doctor", "--json", "--no-models")
    rig.twbot("status", "--json")
    said += doctor.out + doctor.err + rig.twbot("query", "sentiment").err
    trial.check("Traceback" not in said, f"{path.name}, {how.__name__}: a traceback")
    trial.check("should not happen" not in said, f"{path.name}, {how.__name__}: {said[-300:]}")
    trial.check(path.name in said or path.read_bytes() != damaged, f"{path.name}, {how.__name__}: nobody names it")
    if rig.bot.is_alive:
        rig.stop_bot()
    for sidecar in ("-wal", "-shm"):
        path.with_name(path.name + sidecar).unlink(missing_ok=True)
    path.write_bytes(whole)


def _until_logged(rig: Rig, name: str, begin: int) -> None:
    """Wait for some seconds until the log names a file. What nobody needs yet, nobody names."""
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline and name.encode() not in rig.home.log.read_bytes()[begin:]:
        time.sleep(0.1)


def _start_anyway(rig: Rig) -> str:
    with contextlib.suppress(DidNotStart):
        rig.start_bot()
    return rig.bot.said


def _cut_off(trial: Trial, whole: bytes) -> bytes:
    return whole[: int(len(whole) * trial.random.uniform(0.3, 0.7))]


def _garbled(trial: Trial, whole: bytes) -> bytes:
    """Return it with noise from somewhere behind the header on."""
    begin = min(len(whole) // 3, 4096)
    return whole[:begin] + trial.random.randbytes(len(whole) - begin)


def _headless(trial: Trial, whole: bytes) -> bytes:
    return trial.random.randbytes(64) + whole[64:]


@trial("reused-number", "after a kill -9 the bot's process number is somebody else's: it starts, and ends nobody")
def reused_number(trial: Trial) -> None:
    with running(trial) as rig:
        Traffic(trial, rig).post(3)
        rig.settle()
        rig.kill_bot()
        with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
            try:
                run = json.loads(rig.home.run.read_text())
                rig.home.run.write_text(json.dumps({**run, "pid": stranger.pid}))
                down = rig.twbot("down")
                trial.check(down.code == 3, f"twbot down without a bot: {down.code} {down.out}{down.err}")
                trial.check(stranger.poll() is None, "twbot down ended somebody else's process")
                rig.start_bot()
            finally:
                stranger.kill()
        trial.check(rig.twbot("down").code == 0, "twbot down")
        trial.check(not rig.bot.is_alive, "twbot down left the bot running")
        rig.start_bot()
        audit(trial, rig, everything_answered=True)
