"""The trials, by what they do to the bot."""

from __future__ import annotations

import importlib

from tests.prove.trial import TRIALS, Declared

MODULES = ("shipped", "deaths", "faults", "deliveries", "replays", "machine", "hostile", "on_aws", "fuzzing")


def load() -> dict[str, Declared]:
    """Return all trials by name, in the order in which they run."""
    for name in MODULES:
        importlib.import_module(f"tests.prove.trials.{name}")
    return TRIALS
