"""`twbot cost`: what is counted is what the workflow and the handlers do; what is priced is what was counted."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paths import ROOT
from twbot.cli.cost.bill import ALARM_METRICS, Bill, Counted, Traffic, bill
from twbot.cli.cost.counting import count_message, recorded
from twbot.cli.cost.execution import longest
from twbot.cli.cost.prices import REGION, Price, price_table
from twbot.cli.main import run
from twbot.lambdas.settings import Settings
from twbot.stacks.config import AwsConfig, Detectors, StageConfig
from twbot.stacks.state_machine import STATES, workflow

PRICES = price_table().prices
AI = ("Comprehend", "Rekognition", "Lex")
# What does not follow from how many messages there are, but from which types of event and how long.
BY_THE_MONTH = {"metrics of event types seen"}
priced = st.sampled_from(sorted(PRICES)).map(PRICES.__getitem__)
amounts = st.floats(0, 1e11)


def stage(settings: Settings | None = None, **aws: Any) -> StageConfig:
    return StageConfig(name="prod", settings=settings or Settings(), aws=AwsConfig(twitter_account_id="1", **aws))


def counted(of: StageConfig) -> Counted:
    kinds = [(kind, summoned) for kind in ("text", "image") for summoned in (True, False)]
    return {(kind, summoned): count_message(of, kind, summoned=summoned) for kind, summoned in kinds}


def billed(of: StageConfig, messages: float = 1000, images: float = 1.0, answered: float = 1.0) -> Bill:
    return bill(counted(of), Traffic(messages, images, answered), of, REGION)


def usd(found: Bill, *services: str) -> float:
    return sum(line.usd for line in found.services if line.service in services)


def cost_of(*arguments: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert run(["cost", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture(autouse=True)
def _nothing_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TWBOT_STAGE", raising=False)


@given(priced, amounts, amounts)
def test_more_never_costs_less(price: Price, one: float, other: float) -> None:
    """Whatever the tiers: who uses more pays at least as much."""
    less, more = sorted((one, other))
    assert price.cost(less).usd <= price.cost(more).usd * (1 + 1e-12)


@given(priced)
def test_the_next_tier_begins_where_the_last_ends(price: Price) -> None:
    """At a boundary nothing jumps: a unit more costs what the next tier says."""
    tiers = price.tiers_of(REGION)
    for tier, after in itertools.pairwise(tiers):
        assert tier.up_to is not None
        step = tier.up_to * 0.1
        added = price.cost(tier.up_to + step).usd - price.cost(tier.up_to).usd
        assert added == pytest.approx(step / price.per * after.usd)


def test_tiers_are_those_of_the_published_examples() -> None:
    """Comprehend's 20 million units: the first ten at the full price, the others at half of it."""
    assert PRICES["comprehend.DetectSentiment"].cost(20e6).usd == pytest.approx(1500.0)
    assert PRICES["rekognition.images"].cost(2e6).usd == pytest.approx(1800.0)


def test_another_region_is_priced_but_doubted() -> None:
    """Where the table has no prices of a region, none is called confirmed; X costs the same everywhere."""
    assert PRICES["lambda.requests"].cost(1e6, "eu-north-1").usd == pytest.approx(0.2)
    assert PRICES["lambda.requests"].cost(1e6).confirmed
    assert not PRICES["lambda.requests"].cost(1e6, "eu-north-1").confirmed
    assert PRICES["x.events"].cost(1, "eu-north-1").confirmed


@pytest.mark.parametrize(("detector", "units"), [("sentiment", 3), ("labels", 1), ("texts", 1), ("celebrities", 1)])
def test_a_detector_switched_off_is_not_paid(detector: str, units: int) -> None:
    """The bill for AI falls by exactly its price, and nothing else that is paid by the call changes."""
    with_it, without = billed(stage()), billed(stage(detectors=Detectors(**{detector: False})))
    each = 0.0001 if detector == "sentiment" else 0.001
    assert usd(with_it, *AI) - usd(without, *AI) == pytest.approx(1000 * units * each)
    for service in ("X", "DynamoDB", "SQS"):
        assert usd(without, service) == pytest.approx(usd(with_it, service), rel=1e-3)


def test_a_detector_switched_on_is_paid() -> None:
    """Entities, off by default, cost their units as soon as somebody wants them."""
    more = usd(billed(stage(detectors=Detectors(entities=True))), *AI) - usd(billed(stage()), *AI)
    assert more == pytest.approx(1000 * 3 * 0.0001)


def test_twice_the_messages_cost_twice_as_much() -> None:
    """Below the first tier's end every line that follows from messages doubles."""
    of = stage()
    counts = counted(of)
    once, twice = (bill(counts, Traffic(messages, 0.5), of, REGION) for messages in (1000, 2000))
    for line, double in zip(once.services, twice.services, strict=True):
        assert double.usd == pytest.approx(line.usd * (1 if line.what in BY_THE_MONTH else 2)), line.what


def test_a_state_more_is_a_transition_more() -> None:
    """Transitions are counted by running the definition, whatever it is; an Express stage pays none."""
    standard = stage(workflow="STANDARD")
    definition = workflow(standard.aws.detectors)
    longer = msgspec.json.decode(msgspec.json.encode(definition))
    longer["States"]["Further"] = {"Type": "Pass", "Next": longer["StartAt"]}
    longer["StartAt"] = "Further"
    before, after = (count_message(standard, "text", definition=each) for each in (definition, longer))
    assert after["stepfunctions.transitions"] == pytest.approx(before["stepfunctions.transitions"] + 1)
    assert "stepfunctions.transitions" not in count_message(stage(), "text", definition=longer)


def test_a_detector_asked_twice_is_paid_twice() -> None:
    """Nothing is written down: a second task in the definition is a second call on the bill."""
    definition = workflow(Detectors())
    text = msgspec.json.encode(definition).replace(b"rekognition:detectText", b"rekognition:detectLabels")
    found = count_message(stage(), "image", definition=msgspec.json.decode(text))
    assert found["calls:DetectLabels"] == pytest.approx(2)
    assert "calls:DetectText" not in found


def test_what_a_message_does() -> None:
    """A text: one reply, one request of Lex, no picture. A picture: fetched, kept, drawn, kept, sent."""
    text, image = (count_message(stage(), kind) for kind in ("text", "image"))
    assert (text["x.replies"], text["lex.requests"], text.get("x.lookups")) == pytest.approx((1, 1, None))
    assert (image["x.replies"], image["x.lookups"], image["x.uploads"]) == pytest.approx((1, 1, 1))
    # Kept by download and by image; read by three detectors, by image and by egress.
    assert (image["s3.puts"], image["s3.gets"]) == pytest.approx((2, 5))
    assert image["invocations:complete"] == pytest.approx(1)
    assert "invocations:complete" not in text
    for kind, events, writes in ((text, 5, 13), (image, 6, 16)):
        # Raw, received, analysed, to be sent, sent: each on the bus and in the lake; a photo is looked up, on one more.
        assert kind["eventbridge.events"] == kind["records"] == pytest.approx(events)
        # All but the analysed one are claimed and confirmed; a reply's words are kept, it counts for its hour, it is
        # noted before the request, for the request and after it; of a picture the upload, too.
        assert kind["dynamodb.writes"] == pytest.approx(writes)


def test_what_an_alert_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both functions run; each notes what raised the alert, before and after, and one that the topic was told."""
    answer = recorded().answers["aws-sdk:comprehend:detectSentiment"]
    calm = count_message(stage(), "text")
    monkeypatch.setitem(answer, "Sentiment", "NEGATIVE")
    angry = count_message(stage(), "text")
    assert (angry["invocations:alert"], angry["invocations:notify"], angry["sns.requests"]) == pytest.approx((1, 1, 1))
    assert "invocations:alert" not in calm
    assert angry["dynamodb.writes"] - calm["dynamodb.writes"] == pytest.approx(6)


def test_who_is_not_answered_costs_no_reply() -> None:
    """Without a mention, or with replies off, nothing is sent; the analysis is paid all the same."""
    silent = billed(stage(Settings(replies=False)))
    for found in (billed(stage(), answered=0.0), silent):
        assert usd(found, *AI) == pytest.approx(usd(billed(stage()), *AI))
        assert not [line for line in found.services if "replies" in line.what and line.usd]


def test_branches_run_side_by_side() -> None:
    """An execution takes as long as its slowest branch, with what comes before and after."""
    visits = [(("First",), 1.0), (("Fork[0]", "A"), 5.0), (("Fork[1]", "B"), 3.0), (("Fork[1]", "C"), 3.0)]
    assert longest([*visits, (("Fork",), 0.0), (("Last",), 1.0)]) == 8.0


def test_every_detector_has_a_recorded_answer_and_a_price() -> None:
    """A detector that is new in the workflow can't be forgotten here."""
    states = {name[name.index(":", 8) + 1 :].casefold() for name in recorded().answers}
    assert states == {state.casefold() for state in STATES.values()}


def test_the_idle_bill_is_that_of_the_documentation() -> None:
    """As many metrics of alarms as docs/aws.md counts, which a test holds to the templates."""
    listed = (ROOT / "docs" / "aws.md").read_text("utf-8")
    assert re.search(rf"\b{ALARM_METRICS} metrics", listed)


def test_one_document_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """--json: the total is the sum of its lines, X and AWS apart, the source design beside it; 50% is 0.5."""
    found = cost_of("--messages", "1000000", "--images", "50%", capsys=capsys)
    assert found["total"] == pytest.approx(sum(line["usd"] for line in found["services"]))
    assert found["total"] == pytest.approx(found["total_x"] + found["total_aws"])
    assert found["per_message"] == pytest.approx(found["total"] / 1e6)
    assert found["source_design"]["per_million_gbp"] == 1700
    assert {"service", "what", "quantity", "unit", "price", "usd", "confirmed"} <= found["services"][0].keys()
    assert found["idle_per_month"]
    again = cost_of("--images", "0.5", capsys=capsys)
    assert again["total_x"] == pytest.approx(found["total_x"])


def test_the_stage_s_configuration_is_what_is_priced(capsys: pytest.CaptureFixture[str]) -> None:
    """Detectors and the kind of workflow come from twbot.toml, as the stacks read it."""
    Path("twbot.toml").write_text(
        '[stages.dev.aws]\nworkflow = "STANDARD"\n[stages.dev.aws.detectors]\nlabels = false\n'
    )
    found = {line["what"]: line for line in cost_of("--stage", "dev", "--images", "1", capsys=capsys)["services"]}
    assert found["Standard transitions"]["quantity"] > 10_000_000
    assert found["pictures seen (each detector counts)"]["quantity"] == pytest.approx(2_000_000)


@pytest.mark.parametrize(
    "wrong", [["--images", "200%"], ["--images", "half"], ["--messages", "0"], ["--stage", "local"]]
)
def test_what_cannot_be_priced_is_a_usage_error(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A share beyond all messages, none at all, or the bot on this machine."""
    assert run(["cost", *wrong, "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["code"] == 2


def test_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """What is not confirmed is marked, and the sum stands beside the source design's."""
    assert run(["cost", "--messages", "1000"]) == 0
    shown = capsys.readouterr().out
    assert "£1,700" in shown
    assert " ?" in shown
    assert "measured on this machine" in shown
