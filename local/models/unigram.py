"""Cuts texts into the pieces of a SentencePiece unigram vocabulary.

`tokenizers` would do it, too; with this vocabulary of 250,000 pieces it takes 260 MB and a second to load, and
here 20 MB and a tenth of a second (docs/decisions/0018-one-multilingual-embedding.md).
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence

# SentencePiece writes a blank as this character, at the start of each word.
WORD = "\N{LOWER ONE EIGHTH BLOCK}"
# By how much an unknown character is less likely than the rarest piece, as in SentencePiece.
UNKNOWN_PENALTY = 10.0
_BLANKS = re.compile("  +")


class Unigram:
    """A vocabulary. `scores`: the pieces' log-likelihoods; `spellings`: what stands for a code point."""

    def __init__(
        self, pieces: Sequence[str], scores: Sequence[float], spellings: dict[int, str], *, unknown: int
    ) -> None:
        self._ids = {piece: number for number, piece in enumerate(pieces)}
        self._scores, self._spellings, self._unknown = scores, spellings, unknown
        self._longest = max(map(len, pieces))
        self._unknown_score = min(scores) - UNKNOWN_PENALTY
        # Posts share most of their words.
        self._cut = functools.lru_cache(maxsize=20_000)(self._cut_word)

    def ids(self, text: str) -> list[int]:
        """Return the numbers of the likeliest pieces that the text is made of."""
        words = _BLANKS.sub(" ", "".join(map(self._spelt, text.translate(self._spellings)))).strip(" ")
        return [number for word in words.split(" ") for number in self._cut(WORD + word)]

    def _spelt(self, char: str) -> str:
        """Return an emoji that has no piece by its name in Unicode: 🤮 is "face with open mouth vomiting"."""
        if char in self._ids or unicodedata.category(char) != "So":
            return char
        return f" {unicodedata.name(char, char).lower()} "

    def _cut_word(self, word: str) -> tuple[int, ...]:
        """Find the likeliest pieces by the Viterbi algorithm. No piece goes beyond a word."""
        best = [0.0] + [float("-inf")] * len(word)
        last = [(0, self._unknown)] * (len(word) + 1)
        for start in range(len(word)):
            for end in range(start + 1, min(len(word), start + self._longest) + 1):
                number = self._ids.get(word[start:end])
                if number is None and end > start + 1:
                    continue
                score = best[start] + (self._unknown_score if number is None else self._scores[number])
                if score > best[end]:
                    best[end], last[end] = score, (start, self._unknown if number is None else number)
        found, end = [], len(word)
        while end:
            end, number = last[end]
            found.append(number)
        return tuple(reversed(found))
