"""The workflow of the ASL file, run by our interpreter and by moto's with the same recorded answers."""

from __future__ import annotations

import pytest

from tests.support.workflow_cases import CASES, PUT, check, message
from tests.support.workflow_interpreters import Ended, by_moto, by_us
from tests.support.workflow_recordings import Recording, Refusal
from twbot.stacks.state_machine import workflow


@pytest.mark.parametrize("name", CASES)
def test_an_independent_interpreter_tells_the_bus_the_same(name: str) -> None:
    """The same event; every call as often, with the same parameters and waits before it, and the event after all."""
    case = CASES[name]
    ours, theirs = Recording(case.answers), Recording(case.answers)
    definition = workflow(case.detectors)
    by_us(definition, message(case), ours)
    by_moto(definition, message(case), theirs)
    assert ours.events == theirs.events
    assert ours.lanes() == theirs.lanes()
    assert sorted(ours.waits) == sorted(theirs.waits)
    check(case, ours)
    check(case, theirs)


def test_an_independent_interpreter_gives_up_alike() -> None:
    """A bus that takes nothing is asked six times by either, and the execution fails."""
    case = CASES["text"]._replace(answers={PUT: [Refusal("InternalException")]})
    for run in (by_us, by_moto):
        recording = Recording(case.answers)
        with pytest.raises(Ended):
            run(workflow(case.detectors), message(case), recording)
        assert len(recording.events) == 6
        assert recording.waits == [1, 2, 4, 8, 16]
