"""What moto's interpreter of state machines can not do: each gap a test that will pass, and say so, once it is closed.

tests/support/workflow_interpreters.py (`mended`) closes the first two. The comparison leaves out the others.
"""

from __future__ import annotations

import pytest

from tests.support.workflow_cases import CALM, CASES, ENTITIES, EVERYTHING, SENTIMENT, THROTTLED, Case, check, message
from tests.support.workflow_interpreters import UNREACHABLE, by_moto, by_us
from tests.support.workflow_recordings import Recording, Refusal
from twbot.stacks.state_machine import workflow

RETRIED = {SENTIMENT: 2, ENTITIES: 1}
FOUND = {"Analysis.TextSentiment": "NEUTRAL"}


def gap(reason: str) -> pytest.MarkDecorator:
    return pytest.mark.xfail(strict=True, reason=reason, raises=AssertionError)


def alike(case: Case, *, mended: bool) -> None:
    ours, theirs = Recording(case.answers), Recording(case.answers)
    by_us(workflow(EVERYTHING), message(case), ours)
    check(case, ours)
    by_moto(workflow(EVERYTHING), message(case), theirs, mended=mended)
    check(case, theirs)


@gap("moto makes an array of one of what lies behind an index: $.read[0].Sentiment is ['NEGATIVE']")
def test_a_path_behind_an_index_leads_to_one_value() -> None:
    """Step Functions takes the value where a path can lead to one only."""
    alike(Case("Hi", {SENTIMENT: 1, ENTITIES: 1}, {"Analysis.TextSentiment": "NEGATIVE"}), mended=False)


@gap("moto writes services small in errors, comprehend.TooManyRequestsException, so that no Retry of ours matches")
def test_errors_are_named_after_the_service() -> None:
    """Step Functions says Comprehend.TooManyRequestsException, and tries again."""
    recording = Recording({SENTIMENT: [THROTTLED, CALM]})
    by_moto(workflow(EVERYTHING), message(CASES["text"]), recording, mended=False)
    assert [operation for operation, _ in recording.calls].count(SENTIMENT) == 2


@gap("moto names an error that has no class in botocore after the service, Comprehend.ComprehendException")
def test_a_code_without_a_class_keeps_its_name() -> None:
    """Comprehend throttles as ThrottlingException, too, which is not in its model; it is tried again."""
    alike(Case("Hi", RETRIED, FOUND, answers={SENTIMENT: [Refusal("ThrottlingException"), CALM]}), mended=True)


@gap("moto says States.Runtime where a service could not be reached")
def test_a_service_out_of_reach_is_the_clients_error() -> None:
    """Step Functions says Comprehend.SdkClientException, and tries again."""
    alike(Case("Hi", RETRIED, FOUND, answers={SENTIMENT: [Refusal(UNREACHABLE), CALM]}), mended=True)
