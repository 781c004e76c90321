"""The check of this machine's models: they are installed, they load, and there is memory for them."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from twbot.cli.ui.check import Check
from twbot.lambdas.analysis.languages import LOCAL, described
from twbot.lambdas.errors import TwbotError

# The memory that the models take, in bytes: measured, with a margin.
NEEDED = 600_000_000
INSTALL = "pip install 'twbot[local]'"


def check_models(gallery: Path) -> Check:
    """Load each model and run it once."""
    free = free_memory()
    started, before = time.monotonic(), _peak_memory()
    try:
        from twbot.local.adapters.media import FileMedia
        from twbot.local.adapters.models import LocalModels

        with tempfile.TemporaryDirectory() as empty:
            LocalModels(FileMedia(Path(empty)), gallery).warm()
    except ImportError as error:
        return Check("models", "wrong", f"not all of them are installed: {error}", INSTALL)
    except TwbotError as error:
        return Check("models", "wrong", str(error), error.hint)
    except MemoryError:
        return Check("models", "wrong", "there is not enough memory for them", f"Free {NEEDED / 1e6:.0f} MB")
    except Exception as error:  # whatever a model's library raises, the bot can't analyse with it
        return Check("models", "wrong", f"{type(error).__name__}: {error}", f"Install them anew: {INSTALL}")
    took, more = time.monotonic() - started, max(0, _peak_memory() - before)
    says = f"loaded and asked in {took:.1f} s, with {more / 1e6:.0f} MB; they read {described(LOCAL)}"
    if free is not None and free < NEEDED:
        fix = f"Free {NEEDED / 1e6:.0f} MB: with less, the bot may be killed"
        return Check("models", "warning", f"{says}; only {free / 1e6:.0f} MB of memory were free", fix)
    return Check("models", "ok", says)


def free_memory() -> int | None:
    """Return the free memory in bytes, by Linux's /proc/meminfo; None elsewhere."""
    # MemAvailable includes caches that the kernel gives up. https://man7.org/linux/man-pages/man5/proc_meminfo.5.html
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def _peak_memory() -> int:
    """Return the most memory that this process has had so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kilobytes, macOS bytes. https://man7.org/linux/man-pages/man2/getrusage.2.html
    return peak if sys.platform == "darwin" else peak * 1024
