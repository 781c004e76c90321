"""Finds the intent that a text is of: its nearest sample utterance, where that is nearer than ordinary posts are.

docs/decisions/0021-intents-against-ordinary-posts.md
"""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from twbot.local.models.conversion import converted
from twbot.local.models.embedding import DATA, embed, embed_all
from twbot.local.models.embedding import NAME as EMBEDDING
from twbot.local.models.loading import loads_once
from twbot.local.models.sentiment import plain

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float32]
    Flags = npt.NDArray[np.bool_]

NAME = f"nearest sample utterance by {EMBEDDING}, against ordinary posts"
# Made by training/intents.py from data/ordinary_posts.tsv.
ORDINARY = DATA / "ordinary_posts.npz"
# Ordinary posts that a text is compared with: the nearest ones.
NEIGHBOURS = 5
# By how much the utterances of an intent for complaints are nearer to hostile posts than to others, on average.
GRIEVANCE = 0.3
# Confidence at the threshold that training/intents.py chooses.
SURE = 0.5


class Space(NamedTuple):
    """The part of the embedding that doesn't tell the language: there, a text and its translation are near."""

    middle: Numbers
    """Mean of the languages' means: (384,)."""
    languages: Numbers
    """Orthonormal directions in which the languages' means differ: (languages - 1, 384)."""

    def place(self, embeddings: Numbers) -> Numbers:
        """Return rows with a Euclidean norm of 1: (texts, 384)."""
        import numpy as np

        rows = embeddings - self.middle
        rows = rows - rows @ self.languages.T @ self.languages
        placed: Numbers = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return placed


class Ordinary(NamedTuple):
    """What no bot is asked."""

    space: Space
    posts: Numbers
    """Ordinary posts in English, placed in the space: (posts, 384)."""
    hostile: Flags
    """Which of them are rude or angry: (posts,)."""
    threshold: float
    """How much nearer than ordinary posts an utterance must be."""
    slope: float
    """How fast confidence grows above the threshold."""

    def likeness(self, place: Numbers) -> tuple[float, float]:
        """Return how near ordinary posts are to a place: all of them, and those that are not hostile."""
        import numpy as np

        likenesses = self.posts @ place
        nearest = [np.sort(some)[-NEIGHBOURS:].mean() for some in (likenesses, likenesses[~self.hostile])]
        return float(nearest[0]), float(nearest[1])

    def grievance(self, places: Numbers) -> bool:
        """Return whether texts at these places complain: whoever is angry means them."""
        import numpy as np

        hostile, others = (self.posts[kind].mean(axis=0) for kind in (self.hostile, ~self.hostile))
        direction = hostile / np.linalg.norm(hostile) - others / np.linalg.norm(others)
        return float((places @ direction).mean()) > GRIEVANCE


class Intents:
    """The intents of a bot, by name, with their sample utterances in any language."""

    def __init__(self, utterances: Mapping[str, Sequence[str]], against: Ordinary | None = None) -> None:
        self._against = against or ordinary()
        places = self._against.space.place(_kept([text for texts in utterances.values() for text in texts]))
        ends = itertools.accumulate(map(len, utterances.values()))
        self._places = {
            name: places[end - len(texts) : end]
            for (name, texts), end in zip(utterances.items(), ends, strict=True)
            if texts
        }
        self._grievances = {name for name, own in self._places.items() if self._against.grievance(own)}

    def rank(self, text: str) -> list[tuple[str, float]]:
        """Return each intent with its confidence from 0 to 1, best first. From SURE on, the text is of the intent."""
        import numpy as np

        slope, threshold = self._against.slope, self._against.threshold
        return [(name, float(1 / (1 + np.exp(slope * (threshold - score))))) for name, score in self.compare(text)]

    def compare(self, text: str) -> list[tuple[str, float]]:
        """Return by how much the nearest utterance of each intent is nearer than ordinary posts are, best first."""
        # The sentiment reads the same words: together they run the model once.
        (place,) = self._against.space.place(embed(plain(text))[None])
        # What is hostile is not ordinary for an intent that complains.
        usual = self._against.likeness(place)
        scores = {
            name: float((own @ place).max()) - usual[name in self._grievances] for name, own in self._places.items()
        }
        return sorted(scores.items(), key=lambda pair: -pair[1])


def _kept(utterances: Sequence[str]) -> Numbers:
    """Return the utterances' embeddings, which are made once for each definition: hundreds take seconds."""
    import numpy as np

    if not utterances:
        return embed_all(utterances)
    # With an embedding in the name, those of another model are not found.
    key = hashlib.sha256(embed(utterances[0]).tobytes() + "\0".join(utterances).encode(errors="replace"))
    path = converted(f"utterances-{key.hexdigest()[:32]}", lambda: _file_of(embed_all(utterances)), ending="npy")
    kept: Numbers = np.load(path).astype(np.float32)
    return kept


def _file_of(rows: Numbers) -> bytes:
    import numpy as np

    file = io.BytesIO()
    np.save(file, rows.astype(np.float16))
    return file.getvalue()


@loads_once
def ordinary() -> Ordinary:
    """Return what training/intents.py made of data/ordinary_posts.tsv."""
    import numpy as np

    with np.load(ORDINARY) as stored:
        arrays = {name: stored[name].astype(np.float32) for name in ("middle", "languages", "posts")}
        threshold, slope, hostile = float(stored["threshold"]), float(stored["slope"]), stored["hostile"]
    return Ordinary(Space(arrays["middle"], arrays["languages"]), arrays["posts"], hostile, threshold, slope)
