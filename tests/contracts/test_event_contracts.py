"""The contracts: recorded events keep them, every consumer finds what it needs, and rules match what is published."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paths import ROOT
from twbot.lambdas.analytics.erasure import is_about
from twbot.lambdas.aws import invocation
from twbot.lambdas.contracts import DETAILS, Record, decode_event, entry, read
from twbot.lambdas.errors import BadEvent
from twbot.lambdas.wiring import RULES, WEBHOOK_PUBLISHES
from twbot.lambdas.x.post_ids import tweet_of
from twbot.local.bus.patterns import compile_pattern

EVENTS = Path(__file__).parent / "events"
SCHEMAS = ROOT / "docs" / "schemas"
RECORDED = {path.stem: json.loads(path.read_text()) for path in sorted(EVENTS.glob("*.json"))}

# Which rules an event of each type goes to: the consumers of the recorded ones.
GO_TO = {
    "POST_INCOMPLETE": {"complete-posts"},
    "MESSAGE_RECEIVED": {"analyse-messages"},
    "MESSAGE_ANALYSED": {"answer-images"},
    "SEND_TWEET": {"send-tweets"},
    "TWEET_SENT": set(),
    "TWEET_FAILED": set(),
    "TWEET_WITHHELD": set(),
    "ANALYSIS_FAILED": set(),
}
ALERTS = {"alert-on-negative", "notify-on-negative"}
ALWAYS = {"log-every-event", "keep-every-event"}


# The post that each recorded event is about.
POSTS = {
    **dict.fromkeys(DETAILS, "2124754852234919937"),
    **dict.fromkeys(("ANALYSIS_FAILED", "TWEET_FAILED", "TWEET_WITHHELD"), "2124750164764655617"),
    "TWEET_SENT": "2124754851765157889",
}


def matching(event: dict[str, Any]) -> set[str]:
    return {rule.name for rule in RULES if compile_pattern(rule.pattern)(event)}


@pytest.mark.parametrize("name", sorted(DETAILS))
def test_recorded_events_keep_their_schema(name: str) -> None:
    """The published JSON Schema and the record agree on a real event."""
    detail = RECORDED[name]["detail"]
    jsonschema.validate(detail, json.loads((SCHEMAS / f"{name}.json").read_text()))
    assert read(detail, DETAILS[name])


@pytest.mark.parametrize("name", sorted(DETAILS))
def test_every_contract_names_its_post(name: str) -> None:
    """Traces, the logs of the functions and erasure find the post of an event of any type."""
    event = RECORDED[name]
    assert tweet_of(decode_event(json.dumps(event))) == POSTS[name]
    assert invocation.tweet_of_event(event) == POSTS[name]
    assert is_about(event["detail"], POSTS[name])


@pytest.mark.parametrize("event", [{}, {"detail": None}, {"detail": {"Twitter": {}}}, {"detail": {"Twitter": []}}])
def test_an_event_may_name_no_post(event: dict[str, Any]) -> None:
    """Logging about it must not fail."""
    assert invocation.tweet_of_event(event) is None


@pytest.mark.parametrize("name", sorted(DETAILS))
def test_reading_and_publishing_again_changes_nothing(name: str) -> None:
    """A record says everything that its event said, but for what was null or empty."""
    record = read(RECORDED[name]["detail"], DETAILS[name])
    again = read(entry(record).detail, DETAILS[name])
    assert again == record


@pytest.mark.parametrize("name", sorted(DETAILS))
def test_a_missing_field_is_named(name: str) -> None:
    """Each field that a consumer needs is required, and the error says which one is not there."""
    required = [field for field in msgspec.structs.fields(DETAILS[name]) if field.required]
    for field in required:
        detail = {key: value for key, value in RECORDED[name]["detail"].items() if key != field.encode_name}
        with pytest.raises(BadEvent, match=field.encode_name):
            read(detail, DETAILS[name])


@pytest.mark.parametrize("name", sorted(DETAILS))
def test_unknown_fields_are_ignored(name: str) -> None:
    """So that a producer can add one before its consumers know it."""
    detail = {**RECORDED[name]["detail"], "AddedTomorrow": {"x": 1}}
    assert read(detail, DETAILS[name]) == read(RECORDED[name]["detail"], DETAILS[name])


@pytest.mark.parametrize("name", sorted(DETAILS))
def test_rules_match_what_is_published(name: str) -> None:
    """Every recorded event goes exactly where the map says."""
    assert matching(RECORDED[name]) == GO_TO[name] | ALWAYS


def variations() -> Iterator[tuple[str, dict[str, Any], set[str]]]:
    analysed = RECORDED["MESSAGE_ANALYSED"]
    detail = analysed["detail"]
    analysis = detail["Analysis"]
    negative = {**detail, "Analysis": {**analysis, "TextSentiment": "NEGATIVE"}}
    text = {**detail, "Analysis": {**analysis, "Images": []}}
    unusable = {**detail, "Analysis": {**analysis, "Images": [{"Key": None, "Problem": "x", "Analysis": {}}]}}
    quiet = {**text, "Summoned": False}
    yield "negative", {**analysed, "detail": negative}, {"answer-images", *ALERTS}
    yield "text only", {**analysed, "detail": text}, {"answer-texts"}
    yield "unusable picture", {**analysed, "detail": unusable}, {"answer-images"}
    yield "not summoned", {**analysed, "detail": quiet}, set()
    yield "replayed", {**analysed, "replay-name": "monday"}, set()
    yield "caused by a replay", {**analysed, "detail": {**detail, "ReplayName": "monday"}}, set()
    yield "may reply", {**analysed, "replay-name": "with-replies-monday"}, {"answer-images"}
    command = RECORDED["SEND_TWEET"]
    yield "replayed, incomplete", {**RECORDED["POST_INCOMPLETE"], "replay-name": "with-replies-monday"}, set()
    yield "replayed command", {**command, "detail": {**command["detail"], "ReplayName": "monday"}}, set()


@pytest.mark.parametrize(
    ("event", "rules"), [each[1:] for each in variations()], ids=[each[0] for each in variations()]
)
def test_rules_tell_variations_apart(event: dict[str, Any], rules: set[str]) -> None:
    """Text or picture, summoned or not, replayed or not: one answerer at the most."""
    assert matching(event) == rules | ALWAYS


@given(st.text(max_size=200))
def test_nonsense_is_no_event(text: str) -> None:
    """And says so rather than break."""
    with pytest.raises(BadEvent):
        decode_event(text + "{")


def test_every_detail_type_has_a_recorded_event() -> None:
    """A new contract brings its sample."""
    assert set(RECORDED) == set(DETAILS)
    assert all(issubclass(record, Record) for record in DETAILS.values())


def test_every_type_of_ours_is_published_by_somebody() -> None:
    """The diagram's arrows back to the bus: the contracts, no more and no fewer."""
    assert {*WEBHOOK_PUBLISHES, *chain.from_iterable(rule.publishes for rule in RULES)} == {"TWITTER_*", *DETAILS}


def test_the_workflow_publishes_what_its_rule_says() -> None:
    """Each DetailType that the workflow puts on the bus."""
    text = (ROOT / "lambdas/analysis/workflow.asl.json").read_text()
    (rule,) = (rule for rule in RULES if rule.target == "workflow")
    assert set(re.findall(r'"DetailType": "(\w+)"', text)) == set(rule.publishes)


def test_every_target_is_described() -> None:
    """In docs/rules.md a person reads what it is."""
    assert all(rule.description for rule in RULES)
