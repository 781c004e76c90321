"""What a line says of an event."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twbot.cli.screens.event_lines import author_of, in_words, post_of
from twbot.lambdas.contracts import DETAILS, RAW_TYPES, Event

FIELDS = [
    "Text",
    "Author",
    "Analysis",
    "Images",
    "Labels",
    "CelebrityFaces",
    "Missing",
    "Name",
    "TweetId",
    "data",
    "event_type",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)


@given(
    kind=st.sampled_from([*DETAILS, RAW_TYPES[0], "MY_OWN"]),
    detail=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6),
)
def test_any_shape_makes_a_line(kind: str, detail: dict[str, Any]) -> None:
    """Whoever may put events onto the bus may put other shapes there than ours."""
    event = Event(id="1", source="X", time="2026-11-23T10:00:00Z", detail=detail, detail_type=kind)
    assert isinstance(in_words(event), str)
    assert isinstance(author_of(event), str)
    assert isinstance(post_of(event), str)


IMAGES = [{"Analysis": {"Labels": [{"Name": "Dog"}, {"Name": "Dog"}], "CelebrityFaces": [{"Name": "Ada"}]}}]
DETAIL = {"Text": "hi", "Analysis": {"TextSentiment": "POSITIVE", "Language": "en", "Images": IMAGES}}


@pytest.mark.parametrize(
    ("kind", "detail", "says"),
    [
        ("MESSAGE_ANALYSED", DETAIL, "POSITIVE, en, Ada, Dog"),
        ("POST_INCOMPLETE", {"Missing": ["Author", "Text"]}, "X is asked for Author, Text"),
        ("TWEET_WITHHELD", {"Text": "hi", "Reason": "paused"}, "paused"),
        ("MY_OWN", {"n": 1}, '{"n":1}'),
    ],
)
def test_what_is_new_in_it(kind: str, detail: dict[str, Any], says: str) -> None:
    event = Event(id="1", source="BOT", time="2026-11-23T10:00:00Z", detail=detail, detail_type=kind)
    assert in_words(event) == says
