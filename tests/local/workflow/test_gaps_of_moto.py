"""What moto's interpreter of state machines can not do: each gap a test that will pass, and say so, once it is closed.

tests/support/workflow_interpreters.py (`mended`) closes the first three. The comparison leaves out the last.
"""

from __future__ import annotations

import pytest

from tests.support.workflow_cases import CALM, CASES, ENTITIES, EVERYTHING, SENTIMENT, THROTTLED, Case, check, message
from tests.support.workflow_interpreters import (
    ALL_GAPS,
    NAMES_OF_ERRORS,
    PATHS,
    SIZES,
    UNREACHABLE,
    Ended,
    by_moto,
    by_us,
)
from tests.support.workflow_recordings import Recording, Refusal
from twbot.stacks.state_machine import workflow

RETRIED = {SENTIMENT: 2, ENTITIES: 1}
FOUND = {"Analysis.TextSentiment": "NEUTRAL"}


def gap(reason: str) -> pytest.MarkDecorator:
    return pytest.mark.xfail(strict=True, reason=reason, raises=(AssertionError, Ended))


def alike(case: Case, *, mended: frozenset[str]) -> None:
    ours, theirs = Recording(case.answers), Recording(case.answers)
    by_us(workflow(EVERYTHING), message(case), ours)
    check(case, ours)
    by_moto(workflow(EVERYTHING), message(case), theirs, mended=mended)
    check(case, theirs)


@gap("moto makes an array of one of what lies behind an index: $[0].Found is [{…}], which JsonMerge refuses")
def test_a_path_behind_an_index_leads_to_one_value() -> None:
    """Step Functions takes the value where a path can lead to one only."""
    alike(Case("Hi", {SENTIMENT: 1, ENTITIES: 1}, {"Analysis.TextSentiment": "NEGATIVE"}), mended=ALL_GAPS - {PATHS})


@gap("moto writes services small in errors, comprehend.TooManyRequestsException, so that no Retry of ours matches")
def test_errors_are_named_after_the_service() -> None:
    """Step Functions says Comprehend.TooManyRequestsException, and tries again."""
    recording = Recording({SENTIMENT: [THROTTLED, CALM]})
    by_moto(workflow(EVERYTHING), message(CASES["text"]), recording, mended=ALL_GAPS - {NAMES_OF_ERRORS})
    assert [operation for operation, _ in recording.calls].count(SENTIMENT) == 2


@gap("moto counts the six bytes of \\u8a9e for each of three, and blanks between fields")
def test_sizes_are_those_of_utf_8() -> None:
    """Step Functions takes 262,144 bytes of data as a UTF-8 encoded string."""
    case = Case("語" * 50_000, {SENTIMENT: 1, ENTITIES: 1}, {"Analysis.TextSentiment": "NEGATIVE"})
    alike(case, mended=ALL_GAPS - {SIZES})


@gap("moto says States.Runtime where a service could not be reached")
def test_a_service_out_of_reach_is_the_clients_error() -> None:
    """Step Functions says Comprehend.SdkClientException, and tries again."""
    alike(Case("Hi", RETRIED, FOUND, answers={SENTIMENT: [Refusal(UNREACHABLE), CALM]}), mended=ALL_GAPS)
