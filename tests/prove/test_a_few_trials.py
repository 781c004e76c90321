"""`make prove` in small: one seed, few steps. Each trial is one line of docs/proof.md."""

from __future__ import annotations

import pytest

from tests.prove.runner import run_one
from tests.prove.trials import load

SHORT = 0.04
"""Of a run of ten minutes."""


@pytest.mark.parametrize("name", ["lost-answers", "aws-handlers"])
def test_a_short_trial_holds(name: str) -> None:
    """Nothing lost, nobody answered twice, though answers are lost and processes die."""
    result = run_one(load()[name], seed=1, scale=SHORT)
    assert result.skipped is None
    found = result.trial
    assert (found.lost, found.doubled, found.violations) == ([], [], [])
    assert found.tried > 0
