"""The embedding: the pinned file, its pieces, one run for many texts, and likeness across languages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twbot.lambdas.errors import TwbotError
from twbot.local.models import embedding
from twbot.local.models.conversion import pinned
from twbot.local.models.embedding import MAX_PIECES, MAX_PIECES_TOGETHER, Attention, embed, embed_all, read, read_all
from twbot.local.models.unigram import WORD, Unigram

LETTERS = [f"{WORD}", "a", "b", "c", f"{WORD}ab", "bc", f"{WORD}a"]
VOCABULARY = Unigram(["<unk>", *LETTERS], [0.0, -4, -3, -3, -3, -4, -2.5, -3.5], {0xFF41: "a", 0xA0: " "}, unknown=0)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("abc", [f"{WORD}a", "bc"]),
        ("ab", [f"{WORD}ab"]),
        ("ab  cb", [f"{WORD}ab", WORD, "c", "b"]),
        ("\uff41b\u00a0b", [f"{WORD}ab", WORD, "b"]),
        ("bxxb", [WORD, "b", "<unk>", "<unk>", "b"]),
    ],
)
def test_a_text_is_cut_into_its_likeliest_pieces(text: str, pieces: list[str]) -> None:
    """By the sum of their scores; code points are respelt first, blanks count once, a word ends at a blank."""
    assert [["<unk>", *LETTERS][number] for number in VOCABULARY.ids(text)] == pieces


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("hello world", [0, 41, 1294, 12, 33600, 31, 8999, 2]),
        ("今日はとても楽しかった", None),
        ("हिन्दी", None),
    ],
)
def test_pieces_of_the_shipped_vocabulary(text: str, ids: list[int] | None) -> None:
    """They are those of XLM-R's vocabulary, in which each of these scripts has pieces."""
    found = embedding._pieces(text)
    assert ids is None or found == ids
    assert 3 not in found


def test_an_emoji_without_a_piece_is_read_by_its_name() -> None:
    """It may be all that a post says about its mood."""
    assert embedding._pieces("🤮") == embedding._pieces("face with open mouth vomiting")


def test_like_meanings_are_near_in_any_language() -> None:
    """The same sentence in six languages is nearer than another sentence in the same language."""
    same = [
        "Where is the train station?",
        "¿Dónde está la estación de tren?",
        "Wo ist der Bahnhof?",
        "駅はどこですか？",
    ]
    same += ["أين محطة القطار؟", "रेलवे स्टेशन कहाँ है?"]
    other = embed("I baked a chocolate cake")
    for each in same[1:]:
        assert embed(same[0]) @ embed(each) > embed(same[0]) @ other + 0.05, each


def test_many_texts_at_once_are_as_one_by_one() -> None:
    """Texts that share a run don't see each other; long ones are cut; there may be none."""
    texts = ["hi", "what a day", "", "日本語", "word " * 300, *(f"number {count}" for count in range(60))]
    together = embed_all(texts)
    assert together.shape == (len(texts), 384)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)
    assert min(float(row @ embed(text)) for row, text in zip(together, texts, strict=True)) > 0.999
    assert max(len(embedding._pieces(text)) for text in texts) == MAX_PIECES <= MAX_PIECES_TOGETHER
    assert embed_all([]).shape == (0, 384)


def test_another_file_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    """A later version of the package may have other weights, on which nothing here was trained."""
    (tmp_path / "weights.bin").write_bytes(b"E5S1")
    with pytest.raises(TwbotError, match=r"weights\.bin is not the file"):
        pinned(tmp_path / "weights.bin", "0" * 64)


def test_what_is_cached_of_a_text_cannot_be_changed() -> None:
    """Each thread gets the same arrays."""
    for array in (embed("hi"), *read("hi")):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1


def test_attention_reads_the_pieces_that_it_asks_for() -> None:
    """Of each text by itself: a head answers with the values of the pieces that its question fits."""
    states = np.array([[9, 0, 1], [0, 9, 2], [0, 0, 3], [0, 9, 4]], dtype=np.float32)
    first, second = np.array([[9, 0], [0, 9], [0, 0]]), np.array([[0, 0], [0, 0], [1, 10]])
    attention = Attention(first.astype(float), second.astype(float), np.array([0, 0.5]))
    read_of_two = attention.read(states, np.array([0, 2]))
    assert read_of_two == pytest.approx(np.array([[1, 20.5], [3.5, 40.5]]), abs=1e-4)


def test_what_is_attended_is_the_same_in_company() -> None:
    """Of texts that share a run."""
    texts = ["not bad at all", "no", "日本語"]
    for together, text in zip(read_all(texts), texts, strict=True):
        alone = read(text).attended
        assert together.attended @ alone > 0.999 * np.linalg.norm(together.attended) * np.linalg.norm(alone)
