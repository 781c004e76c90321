"""Signals in what the tests start."""

from __future__ import annotations

import signal


def do_not_pass_on_ignored_ctrl_c() -> None:
    """Give children SIGINT's default action although this process ignores it, as a shell's background job does.

    A process inherits that a signal is ignored, but not that it is handled: https://docs.python.org/3/library/signal.html
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: None)
