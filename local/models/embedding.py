"""Embeds texts in a hundred languages with multilingual-e5-small: like meanings are near, whatever the language."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twbot.local.models.loading import loads_once

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from twbot.local.models.e5 import E5

    Vector = npt.NDArray[np.float32]
    Floats = npt.NDArray[np.floating[Any]]
    Pieces = npt.NDArray[np.int64]

NAME = "multilingual-e5-small (4 bit)"
DATA = Path(__file__).parent / "data"
# The model was trained with this in front of texts that are compared with each other: https://arxiv.org/abs/2402.05672
PREFIX = "query: "
# Pieces of a text that are read, and those of one run of the model. A post has about 40; attention grows by the square.
MAX_PIECES, MAX_PIECES_TOGETHER = 128, 256
# Layers whose states Attention reads. Of e5.READ_AFTER.
ATTENDED = (10, 12)
ATTENTION = DATA / "attention.npz"


class Reading(NamedTuple):
    """What one run of the model knows of a text."""

    means: Vector
    """Of the pieces, after each layer of e5.READ_AFTER: (layers, 384), each with a Euclidean norm of 1. The last one is
    the embedding; the others know more of the wording."""
    attended: Floats
    """What Attention reads from the pieces: (heads * size,)."""


class Attention(NamedTuple):
    """Heads that weigh the pieces of a text: one word may turn its mood, and hardly moves the mean of all.

    It is learned together with the sentiment (training/sentiment.py): https://arxiv.org/abs/1703.03130.
    """

    questions: Floats
    """(layers * 384, heads), for the layers ATTENDED one behind the other."""
    values: Floats
    """(layers * 384, heads * size)"""
    bias: Floats
    """(heads * size,)"""

    def read(self, states: Floats, starts: Pieces) -> Floats:
        """Return what it reads from texts (texts, heads * size): each begins at its row of `states`, the pieces."""
        import numpy as np

        heads = self.questions.shape[1]
        weights = softmax_of_texts(states @ self.questions, starts)
        values = (states @ self.values + self.bias).reshape(len(states), heads, -1)
        read: Floats = np.add.reduceat(weights[..., None] * values, starts).reshape(len(starts), -1)
        return read


def softmax_of_texts(scores: Floats, starts: Pieces) -> Floats:
    """Return the softmax over the pieces of each text, for each column."""
    import numpy as np

    sizes = np.diff(starts, append=len(scores))
    powers = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes, axis=0))
    shares: Floats = powers / np.repeat(np.add.reduceat(powers, starts), sizes, axis=0)
    return shares


@functools.lru_cache(maxsize=2048)
def read(text: str) -> Reading:
    """Return what the model knows of the text. It is cached, and therefore read-only."""
    reading = read_all([text])[0]
    for array in reading:
        array.setflags(write=False)
    return reading


def embed(text: str) -> Vector:
    """Return the text's embedding: 384 numbers with a Euclidean norm of 1. It is cached, and therefore read-only."""
    vector: Vector = read(text).means[-1]
    return vector


def read_all(texts: Sequence[str]) -> list[Reading]:
    """Return what `read` does of each text. Together they take less time than one by one."""
    found: list[Reading] = []
    for layers, starts in states_of(texts):
        attended = _attention().read(attended_layers(layers), starts)
        found.extend(Reading(*each) for each in zip(means_of(layers, starts), attended, strict=True))
    return found


def embed_all(texts: Sequence[str]) -> Vector:
    """Return the embeddings of the texts as rows: (texts, 384)."""
    import numpy as np

    rows = [means_of(layers[-1:], starts)[:, 0] for layers, starts in states_of(texts)]
    return np.concatenate(rows) if rows else np.empty((0, 384), dtype=np.float32)


def states_of(texts: Sequence[str]) -> Iterator[tuple[Vector, Pieces]]:
    """Yield the states of all pieces (layers of e5.READ_AFTER, pieces, 384), and the first piece of each text.

    Several texts at a time, in their order.
    """
    pieces = [_pieces(text) for text in texts]
    while pieces:
        together = _together(pieces)
        yield _run(together)
        pieces = pieces[len(together) :]


def means_of(layers: Vector, starts: Pieces) -> Vector:
    """Return the means of the texts' pieces (texts, layers, 384), each with a Euclidean norm of 1."""
    import numpy as np

    sums = np.add.reduceat(layers, starts, axis=1).swapaxes(0, 1)
    means: Vector = sums / np.linalg.norm(sums, axis=-1, keepdims=True)
    return means


def attended_layers(layers: Vector) -> Vector:
    """Return the states that Attention takes: (pieces, layers * 384)."""
    from twbot.local.models.e5 import READ_AFTER

    kept = layers[[READ_AFTER.index(layer) for layer in ATTENDED]]
    states: Vector = kept.swapaxes(0, 1).reshape(layers.shape[1], -1)
    return states


@loads_once
def _attention() -> Attention:
    import numpy as np

    with np.load(ATTENTION) as stored:
        return Attention(**{name: stored[name].astype(np.float32) for name in Attention._fields})


def _pieces(text: str) -> list[int]:
    from twbot.local.models.e5 import END, START

    return [START, *_model()[0].vocabulary.ids(PREFIX + text)[: MAX_PIECES - 2], END]


def _together(texts: list[list[int]]) -> list[list[int]]:
    """Return the first texts that go into one run."""
    size = 0
    for number, pieces in enumerate(texts):
        size += len(pieces)
        if number and size > MAX_PIECES_TOGETHER:
            return texts[:number]
    return texts


def _run(texts: list[list[int]]) -> tuple[Vector, Pieces]:
    """Return the states of the pieces of texts, which are read as one sequence, each without a view of the others."""
    import numpy as np

    from twbot.local.models.e5 import RESULTS

    e5, session = _model()
    sizes = np.array([len(pieces) for pieces in texts])
    owners = np.repeat(np.arange(len(texts)), sizes)
    apart = np.where(owners[:, None] == owners, np.float32(0), np.float32(-1e9))[None, None]
    rows = np.concatenate([e5.rows(pieces) for pieces in texts])[None]
    layers: Vector = np.concatenate(session.run(RESULTS, {"rows": rows, "apart": apart}))
    return layers, np.cumsum(sizes) - sizes


@loads_once
def _model() -> tuple[E5, Any]:
    from twbot.local.models.e5 import E5, layers

    e5 = E5()
    return e5, session_of(layers(e5))


def session_of(path: Path) -> Any:
    """Open an ONNX model, to run on the calling thread only."""
    # Several messages at the same time use the cores; more threads for each would only compete.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # A plan of the memory is made for each shape of input, and texts and pictures have many: without plans a session
    # needs a sixth less memory, and no more time. https://onnxruntime.ai/docs/performance/tune-performance/memory.html
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
