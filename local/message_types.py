"""Has msgspec look at the types of messages before threads share them.

msgspec looks at a Struct when it is decoded for the first time. A second thread that decodes it meanwhile meets types
that are not there yet, which ends the process with a segmentation fault.
"""

from __future__ import annotations

import contextlib

import msgspec


def prepare() -> None:
    """Look at each Struct of twbot that is imported. Call it before threads start."""
    ahead: list[type] = [msgspec.Struct]
    while ahead:
        kind = ahead.pop()
        ahead += kind.__subclasses__()
        if kind.__module__.startswith("twbot."):
            # Some are never decoded: their annotations may be of what msgspec does not know.
            with contextlib.suppress(NameError, TypeError):
                msgspec.json.Decoder(kind)
