"""EventBridge's pattern language: the documented examples, the refusals, and moto's matcher as an independent judge."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.events.models import EventPattern

from twbot.lambdas.wiring import RULES
from twbot.local.bus.patterns import BadPattern, compile_pattern

EVENT: dict[str, Any] = {
    "version": "0",
    "source": "aws.ec2",
    "detail-type": "EC2 Instance State-change Notification",
    "time": "2017-10-02T16:24:49Z",
    "resources": ["arn:one", "arn:two"],
    "detail": {
        "c-count": 5,
        "d-count": 3.0,
        "x-limit": 301.8,
        "source-ip": "10.0.0.33",
        "six-ip": "2001:db8::7",
        "state": "running",
        "path": "a*b\\c/d.PNG",
        "nothing": None,
        "flag": True,
        "empty": [],
        "nested": {"deep": {"leaf": "x"}},
        "people": [{"name": "Ada", "born": 1815}, {"name": "Alan", "born": 1912}, "a scalar"],
    },
}


def in_detail(**fields: Any) -> dict[str, Any]:
    return {"detail": {key.replace("_", "-"): value for key, value in fields.items()}}


MATCHING: list[dict[str, Any]] = [
    {"source": ["aws.s3", "aws.ec2"]},
    {"resources": ["arn:two"]},
    {"time": [{"prefix": "2017-10-02"}]},
    {"source": [{"prefix": {"equals-ignore-case": "AWS."}}]},
    {"source": [{"suffix": "ec2"}]},
    {"detail": {"path": [{"suffix": {"equals-ignore-case": ".png"}}]}},
    {"source": [{"equals-ignore-case": "AWS.EC2"}]},
    {"source": [{"wildcard": "a*.e*2"}]},
    {"detail": {"path": [{"wildcard": r"a\*b\\c*"}]}},
    in_detail(state=[{"anything-but": "initializing"}]),
    in_detail(x_limit=[{"anything-but": 123}]),
    in_detail(state=[{"anything-but": ["stopped", "overloaded"]}]),
    in_detail(x_limit=[{"anything-but": [100, 200, 300]}]),
    in_detail(state=[{"anything-but": {"prefix": "init"}}]),
    in_detail(state=[{"anything-but": {"suffix": ["ed", "izing"]}}]),
    in_detail(state=[{"anything-but": {"equals-ignore-case": ["STOPPED"]}}]),
    in_detail(state=[{"anything-but": {"wildcard": "*o*"}}]),
    in_detail(nothing=[{"anything-but": "x"}]),
    {"resources": [{"anything-but": "arn:one"}]},
    in_detail(c_count=[{"numeric": [">", 0, "<=", 5]}], d_count=[{"numeric": ["<", 10]}]),
    in_detail(x_limit=[{"numeric": ["=", 3.018e2]}]),
    in_detail(d_count=[3]),
    in_detail(source_ip=[{"cidr": "10.0.0.0/24"}]),
    in_detail(six_ip=[{"cidr": "2001:db8::/32"}]),
    in_detail(c_count=[{"exists": True}]),
    in_detail(nothing=[{"exists": True}]),
    in_detail(nothing=[None]),
    in_detail(flag=[True]),
    in_detail(nested=[{"exists": False}]),
    in_detail(empty=[{"exists": False}]),
    in_detail(absent=[{"exists": False}]),
    in_detail(absent={"further": [{"exists": False}]}),
    in_detail(absent=["x", {"exists": False}]),
    in_detail(people={"name": ["Alan"], "born": [1912]}),
    in_detail(people={"name": ["Ada"], "died": [{"exists": False}]}),
    {"source": ["aws.ec2"], "$or": [{"version": ["1"]}, {"detail": {"state": ["running"]}}]},
    {"$or": [{"version": ["1"]}, {"$or": [{"source": ["x"]}, {"time": [{"prefix": "2017"}]}]}]},
    {"detail": {"$or": [{"c-count": [9]}, {"d-count": [3], "state": ["running"]}]}},
]
MISSING: list[tuple[dict[str, Any], str]] = [
    ({"source": ["aws.s3"]}, "source"),
    (in_detail(c_count=["5"]), "detail.c-count"),
    (in_detail(flag=["true"]), "detail.flag"),
    (in_detail(flag=[1]), "detail.flag"),
    (in_detail(nothing=["null"]), "detail.nothing"),
    (in_detail(nothing=[{"exists": False}]), "detail.nothing"),
    (in_detail(nested=[{"exists": True}]), "detail.nested"),
    (in_detail(empty=[{"exists": True}]), "detail.empty"),
    (in_detail(absent=[{"anything-but": "x"}]), "detail.absent"),
    (in_detail(absent=[None]), "detail.absent"),
    (in_detail(c_count=[{"prefix": "5"}]), "detail.c-count"),
    (in_detail(c_count=[{"numeric": [">", 5, "<", 6]}]), "detail.c-count"),
    (in_detail(flag=[{"numeric": ["=", 1]}]), "detail.flag"),
    (in_detail(source_ip=[{"cidr": "10.0.1.0/24"}]), "detail.source-ip"),
    (in_detail(state=[{"cidr": "10.0.1.0/24"}]), "detail.state"),
    (in_detail(six_ip=[{"cidr": "10.0.0.0/8"}]), "detail.six-ip"),
    (in_detail(state=[{"anything-but": {"prefix": ["x", "run"]}}]), "detail.state"),
    ({"detail": {"path": [{"wildcard": "a*c"}]}}, "detail.path"),
    (in_detail(people={"name": ["Ada"], "born": [1912]}), "detail.people.born"),
    (in_detail(people={"name": [{"exists": False}]}), "detail.people.name"),
    ({"source": ["aws.ec2"], "$or": [{"version": ["1"]}, {"version": ["0"], "time": ["now"]}]}, "time"),
]
REFUSED: list[tuple[Any, str]] = [
    ({}, "the pattern: "),
    ([], "the pattern: "),
    ({"a": "x"}, "a: "),
    ({"a": []}, "a: "),
    ({"a": {}}, "a: "),
    ({"detail": {"a": [[1]]}}, "detail.a[0]: "),
    ({"a": [{"like": "x"}]}, "a[0].like: "),
    ({"a": [1, {"prefix": "x", "suffix": "y"}]}, "a[1]: "),
    ({"a": [{}]}, "a[0]: "),
    ({"a": [{"prefix": 3}]}, "a[0].prefix: "),
    ({"a": [{"suffix": {"wildcard": "x"}}]}, "a[0].suffix: "),
    ({"a": [{"prefix": {"equals-ignore-case": 1}}]}, "a[0].prefix.equals-ignore-case: "),
    ({"a": [{"exists": "yes"}]}, "a[0].exists: "),
    ({"a": [{"wildcard": "a**b"}]}, "a[0].wildcard: "),
    ({"a": [{"wildcard": r"a\b"}]}, "a[0].wildcard: "),
    ({"a": [{"wildcard": "a\\"}]}, "a[0].wildcard: "),
    ({"a": [{"cidr": "10.0.0.300/8"}]}, "a[0].cidr: "),
    ({"a": [{"cidr": "10.0.0.3"}]}, "a[0].cidr: "),
    ({"detail": {"A": {"b": [{"numeric": ["!=", 1]}]}}}, "detail.A.b[0].numeric: "),
    ({"a": [{"numeric": []}]}, "a[0].numeric: "),
    ({"a": [{"numeric": [">"]}]}, "a[0].numeric: "),
    ({"a": [{"numeric": [">", "1"]}]}, "a[0].numeric: "),
    ({"a": [{"numeric": [">", 5e9 + 1]}]}, "a[0].numeric: "),
    ({"a": [{"numeric": [">", 5, "<", 5]}]}, "a[0].numeric: "),
    ({"a": [{"numeric": ["<", 5, ">", 1]}]}, "a[0].numeric: "),
    ({"a": [{"numeric": ["=", 5, "<", 6]}]}, "a[0].numeric: "),
    ({"a": [{"anything-but": []}]}, "a[0].anything-but: "),
    ({"a": [{"anything-but": [1, "x"]}]}, "a[0].anything-but: "),
    ({"a": [{"anything-but": True}]}, "a[0].anything-but: "),
    ({"a": [{"anything-but": {"numeric": ["=", 1]}}]}, "a[0].anything-but: "),
    ({"a": [{"anything-but": {"prefix": ""}}]}, "a[0].anything-but.prefix: "),
    ({"a": [{"anything-but": {"wildcard": ["x", "**"]}}]}, "a[0].anything-but.wildcard: "),
    ({"$or": [{"a": [1]}]}, "$or: "),
    ({"$or": [{"a": [1]}, {"prefix": ["x"]}]}, "$or[1]: "),
    ({"x": {"$or": [{"a": [1]}, {"b": [{"prefix": 1}]}]}}, "x.$or[1].b[0].prefix: "),
]


@pytest.mark.parametrize("pattern", MATCHING, ids=str)
def test_a_documented_pattern_matches(pattern: dict[str, Any]) -> None:
    """What EventBridge's documentation says matches, matches."""
    compiled = compile_pattern(pattern)
    assert compiled(EVENT)
    assert compiled.explain(EVENT) is None


@pytest.mark.parametrize(("pattern", "field"), MISSING, ids=str)
def test_a_mismatch_names_its_field(pattern: dict[str, Any], field: str) -> None:
    """What does not match says which field keeps it from matching."""
    compiled = compile_pattern(pattern)
    assert not compiled(EVENT)
    found = compiled.explain(EVENT)
    assert found is not None
    assert found.field == field


@pytest.mark.parametrize(("pattern", "place"), REFUSED, ids=str)
def test_a_bad_pattern_is_refused_with_its_place(pattern: Any, place: str) -> None:
    """A pattern that EventBridge refuses is refused here, and the message begins with the place of the fault."""
    with pytest.raises(BadPattern) as refusal:
        compile_pattern(pattern)
    assert str(refusal.value).startswith(place)


def test_an_or_that_explodes_is_refused() -> None:
    """$or may make a thousand combinations, as on EventBridge, not more."""
    ors = {"$or": [{f"a{n}": [n]} for n in range(11)]}
    with pytest.raises(BadPattern, match="1331 combinations"):
        compile_pattern({"x": ors, "y": ors, "z": ors})


def test_a_wildcard_takes_linear_time() -> None:
    """A hostile text can't make a wildcard slow."""
    pattern = compile_pattern({"a": [{"wildcard": "*a" * 40 + "*b"}]})
    assert not pattern({"a": "a" * 20_000})


def test_the_systems_own_patterns_compile() -> None:
    """Every rule of the system is in the language."""
    for rule in RULES:
        compile_pattern(rule.pattern)


WORDS = st.sampled_from(["", "a", "A", "ab", "aB", "abc", "b*a", "ba", "10.0.0.7", "10.1.0.7", "::1"])
NUMBERS = st.sampled_from([-3, 0, 1, 2.5, 7, 100])
LEAVES = st.one_of(WORDS, NUMBERS, st.none())
VALUES = st.one_of(LEAVES, st.lists(LEAVES, min_size=1, max_size=3))
KEYS = st.sampled_from(["a", "b", "c", "d"])
EVENTS = st.recursive(
    st.dictionaries(KEYS, VALUES, min_size=1, max_size=3),
    lambda inner: st.dictionaries(KEYS, st.one_of(VALUES, inner), min_size=1, max_size=3),
    max_leaves=6,
)
FULL = WORDS.filter(bool)
AFFIX = st.one_of(WORDS, st.builds(lambda text: {"equals-ignore-case": text}, WORDS))
BOUNDS = st.one_of(
    st.tuples(st.sampled_from(["<", "<=", "=", ">", ">="]), NUMBERS).map(list),
    st.tuples(NUMBERS, NUMBERS).filter(lambda b: b[0] < b[1]).map(lambda b: [">", b[0], "<=", b[1]]),
)
BUT = st.one_of(
    WORDS,
    NUMBERS,
    st.lists(WORDS, min_size=1, max_size=3),
    st.lists(NUMBERS, min_size=1, max_size=3),
    *(
        st.builds(lambda text, key=key: {key: text}, st.one_of(FULL, st.lists(FULL, min_size=1, max_size=2)))
        for key in ("prefix", "suffix", "equals-ignore-case", "wildcard")
    ),
)
TESTS = st.one_of(
    LEAVES,
    st.builds(lambda value: {"prefix": value}, AFFIX),
    st.builds(lambda value: {"suffix": value}, AFFIX),
    st.builds(lambda value: {"equals-ignore-case": value}, WORDS),
    st.builds(lambda value: {"wildcard": value}, st.sampled_from(["*", "a*", "*b", "a*c", r"b\*a", "*1*7", "ab"])),
    st.builds(lambda value: {"exists": value}, st.booleans()),
    st.builds(lambda value: {"numeric": value}, BOUNDS),
    st.builds(lambda value: {"cidr": value}, st.sampled_from(["10.0.0.0/24", "10.0.0.0/8", "::/64"])),
    st.builds(lambda value: {"anything-but": value}, BUT),
)
FIELDS = st.lists(TESTS, min_size=1, max_size=3)
PATTERNS = st.recursive(
    st.dictionaries(KEYS, FIELDS, min_size=1, max_size=2),
    lambda inner: st.one_of(
        st.dictionaries(KEYS, st.one_of(FIELDS, inner), min_size=1, max_size=2),
        st.builds(lambda one, ors: {**one, "$or": ors}, inner, st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("leaf", "bound", "matches"),
    [
        (1.0000004, ["=", 1], True),
        (1.0000006, ["=", 1], False),
        (1.0000006, ["=", 1.000001], True),
        (1.0000004, [">", 1], False),
        (0.9999996, ["<", 1], False),
        (1, ["=", 1.0000004], True),
    ],
)
def test_numbers_are_compared_to_six_decimals(leaf: float, bound: list[object], matches: bool) -> None:
    """EventBridge reads six digits after the point, of the event and of the pattern:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html"""
    assert compile_pattern({"detail": {"n": [{"numeric": bound}]}})({"detail": {"n": leaf}}) is matches


@settings(max_examples=400, deadline=None)
@given(pattern=PATTERNS, event=EVENTS)
def test_an_independent_matcher_agrees(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    """moto's matcher says the same of any pattern and event (without arrays of objects, which it does not read, and
    with one difference that Ruler decides: a field that holds an object is not a leaf, so it is not there)."""
    compiled = compile_pattern(pattern)
    assert compiled(event) is EventPattern(None, pattern).matches_event(event)  # type: ignore[arg-type]
    assert (compiled.explain(event) is None) is compiled(event)
