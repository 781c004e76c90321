"""The simulated X, which never refuses a duplicate here: its refusal would hide a second reply."""

from __future__ import annotations

import sys
from unittest import mock

from twbot.local.simulator.__main__ import main
from twbot.local.simulator.posts import Posts

if __name__ == "__main__":
    with mock.patch.object(Posts, "check_duplicate", return_value=None):
        sys.exit(main())
