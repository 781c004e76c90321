"""The tests pass as a background job, too."""

from __future__ import annotations

import signal
import subprocess
import sys

from tests.support.paths import ROOT

ASK = "import signal; print(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)"
PROGRAM = f"""
import subprocess, sys
from tests.support.signals import do_not_pass_on_ignored_ctrl_c
do_not_pass_on_ignored_ctrl_c()
subprocess.run([sys.executable, "-c", {ASK!r}])
"""


def test_what_the_tests_start_heeds_ctrl_c() -> None:
    """Although the test run was started with SIGINT ignored, as `make test &` in a script is."""
    command = [sys.executable, "-c", PROGRAM]
    for ignored, program in ((True, ASK), (False, PROGRAM)):
        done = subprocess.run(
            [*command[:-1], program], cwd=ROOT, preexec_fn=_ignore, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == str(ignored)


def _ignore() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
