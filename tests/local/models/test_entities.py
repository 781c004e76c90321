"""Entities of posts as people write them: the lists of names, and what they do to what spaCy finds."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.entity_posts import model_alone, read_set, shares
from twbot.local.models.entities import TYPES, entities
from twbot.local.models.names import EXACT, MARKED, NAMESAKE, fold, listed_names

# What changes its length in lower case, marks on letters, and what grows over its neighbour, among others.
PIECES = [
    "iPhone",
    "15",
    "#Paris",
    "the",
    "Nike's",
    "İzmir",
    "ﬁn",
    "@x",
    "☃",
    "$5k",
    "3pm",
    "LEEDS",
    "a\u0301",
    "2-1",
    "ß",
]


def named(text: str) -> set[tuple[str, str]]:
    return {(each.text, each.type) for each in entities(text)}


def test_four_in_five_entities_of_unseen_posts_are_right() -> None:
    """Words and type of the posts that were kept aside: an F1 of .80, and .20 more than the model alone."""
    kept = [post for post in read_set() if post.part == "kept"]
    assert len(kept) >= 40
    assert all(text in post.text.lower() for post in kept for _, text in post.labels)
    ours = shares(kept, entities).f1
    assert ours >= 0.8
    assert ours >= shares(kept, model_alone).f1 + 0.2


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("my package from ikea is stuck in tokyo", {("ikea", "ORGANIZATION"), ("tokyo", "LOCATION")}),
        ("MCDONALDS IS CLOSED IN SYDNEY", {("MCDONALDS", "ORGANIZATION"), ("SYDNEY", "LOCATION")}),
        ("so proud of #Brazil and #SouthKorea", {("Brazil", "LOCATION"), ("SouthKorea", "LOCATION")}),
        (
            "Malaga and São Paulo, or sao paulo",
            {("Malaga", "LOCATION"), ("São Paulo", "LOCATION"), ("sao paulo", "LOCATION")},
        ),
        ("we love Breaking Bad and seinfeld", {("Breaking Bad", "TITLE"), ("seinfeld", "TITLE")}),
        ("my pixel 8 is broken, my iPhone 15 Pro is not", {("iPhone 15 Pro", "COMMERCIAL_ITEM")}),
        ("it cost £12.50, or $3k", {("£12.50", "QUANTITY"), ("$3k", "QUANTITY")}),
        ("the kitchen opens at 11am", {("11am", "DATE")}),
    ],
)
def test_names_are_found_however_they_are_written(text: str, wanted: set[tuple[str, str]]) -> None:
    """Lower case, capitals, hashtags, with or without accents; with the model of a product; amounts with their sign."""
    assert wanted <= named(text)


@pytest.mark.parametrize(
    "text",
    [
        "i ate an apple in the shell of a turkey",
        "the target was an orange, reading is nice",
        "mind the gap, see the boots and the puma jump",
        "friends, may the force be a rocket in the heat",
        "a mobile cork split on the delta of despair",
    ],
)
def test_ordinary_words_are_no_names(text: str) -> None:
    """What is a name only with a capital letter is none without."""
    assert named(text) == set()


@pytest.mark.parametrize(
    "text", ["do that AGAIN", "LOL no", "WHY IS IT SO LOUD IN HERE", "Ugh! Terrible.", "Nooooo", "what a bummer"]
)
def test_what_is_only_said_is_no_name(text: str) -> None:
    """Capitals of a whole word say how it is said, and a sentence's first word has one anyway."""
    assert named(text) == set()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Everton drew 2-2 with Leeds", ("Leeds", "ORGANIZATION")),
        ("We moved to Leeds in spring", ("Leeds", "LOCATION")),
        ("go broncos, please", ("broncos", "ORGANIZATION")),
        ("I fly to Austin tomorrow", ("Austin", "LOCATION")),
        ("I like the new Target in town", ("Target", "ORGANIZATION")),
        ("thanks Kenji, see you at the Boston marathon", ("Boston marathon", "EVENT")),
    ],
)
def test_what_a_name_means_is_told_by_the_post(text: str, wanted: tuple[str, str]) -> None:
    """A town is its team where sport is spoken of, a first name a town behind "to", a capital makes a word a brand."""
    assert wanted in named(text)


def test_a_part_of_a_longer_name_is_not_taken_out_of_it() -> None:
    """The model's longer span stands where its other words have capitals, too."""
    assert named("we saw Paris Henderson at the gym") == {("Paris Henderson", "PERSON")}
    assert named("Chelsea Morgan is here") == {("Chelsea Morgan", "PERSON")}


def test_a_name_ends_where_an_address_is() -> None:
    """Neither a handle nor a link is a name, nor a part of one."""
    texts = [text for text, _ in named("More for Leo https://example.com/Nike and Anna @Adidas pic.twitter.com/abc")]
    assert not [text for text in texts if "@" in text or "/" in text or "twitter" in text]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8))
def test_entities_lie_apart_and_their_offsets_point_into_the_text(words: list[str]) -> None:
    """Whatever the text, each has one of Comprehend's types, no two share a character, each says what stands there."""
    text = " ".join(words)
    found = entities(text)
    assert all(text[each.begin : each.end] == each.text for each in found)
    assert all(before.end <= after.begin for before, after in pairwise(found))
    assert {each.type for each in found} <= {*TYPES.values(), "OTHER"}


@given(st.text(max_size=50))
def test_folding_keeps_each_character_in_its_place(text: str) -> None:
    """Names are looked up in the folded text and cut out of the other."""
    assert len(fold(text)) == len(text)


def test_the_lists_are_in_order() -> None:
    """Each name has a type of Comprehend's, stands once under a heading, and has letters."""
    counts = Counter(listed_names())
    assert len(counts) > 10_000
    assert {heading.split()[0] for heading, _ in counts} <= set(TYPES.values())
    assert [name for _, name in counts if not any(c.isalnum() for c in name)] == []
    assert [each for each, count in counts.items() if count > 1] == []
    unmarked = {(heading, name.lstrip(MARKED + EXACT + NAMESAKE)) for heading, name in counts}
    assert len(unmarked) == len(counts)
