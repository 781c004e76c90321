"""What `twbot doctor` thinks of the models of this machine: they are there, they load, there is room for them."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from twbot.cli.doctor.check import Check

# What they take, measured with some to spare.
NEEDED = 600_000_000
INSTALL = "pip install 'twbot[local]'"


def check_models(gallery: Path) -> Check:
    """Each model is loaded and asked once."""
    free = free_memory()
    started, before = time.monotonic(), _most_memory()
    try:
        from twbot.local.adapters.media import FileMedia
        from twbot.local.adapters.models import LocalModels

        with tempfile.TemporaryDirectory() as empty:
            LocalModels(FileMedia(Path(empty)), gallery).warm()
    except ImportError as error:
        return Check("models", "wrong", f"not all of them are installed: {error}", INSTALL)
    except MemoryError:
        return Check("models", "wrong", "there is not enough memory for them", f"Free {NEEDED / 1e6:.0f} MB")
    except Exception as error:
        return Check("models", "wrong", f"{type(error).__name__}: {error}", f"Install them anew: {INSTALL}")
    took, more = time.monotonic() - started, max(0, _most_memory() - before)
    says = f"loaded and asked in {took:.1f} s, with {more / 1e6:.0f} MB"
    if free is not None and free < NEEDED:
        fix = f"Free {NEEDED / 1e6:.0f} MB: with less, the bot may be killed"
        return Check("models", "warning", f"{says}; only {free / 1e6:.0f} MB of memory were free", fix)
    return Check("models", "ok", says)


def free_memory() -> int | None:
    """In bytes, as Linux says it; None elsewhere."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def _most_memory() -> int:
    """The most that this process has held so far, in bytes: Linux counts in KB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
