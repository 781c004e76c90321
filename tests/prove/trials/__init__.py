"""The trials, by what they do to the bot."""

from __future__ import annotations

import importlib

from tests.prove.trial import TRIALS, Declared

MODULES = ("deaths", "faults", "deliveries", "replays", "machine", "on_aws")


def load() -> dict[str, Declared]:
    """Return all trials by name, in the order in which they run."""
    for name in MODULES:
        importlib.import_module(f"tests.prove.trials.{name}")
    return TRIALS
