"""The stage's settings, as its functions get them."""

from __future__ import annotations

import functools
import os

import msgspec

from twbot.lambdas.settings import Settings


@functools.cache
def settings() -> Settings:
    return msgspec.json.decode(os.environ.get("SETTINGS", "{}"), type=Settings)
