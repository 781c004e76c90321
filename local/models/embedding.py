"""Embeds texts in a hundred languages with multilingual-e5-small: like meanings are near, whatever the language."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twbot.local.models.loading import loads_once

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from twbot.local.models.e5 import E5

    Vector = npt.NDArray[np.float32]

NAME = "multilingual-e5-small (4 bit)"
DATA = Path(__file__).parent / "data"
# The model was trained with this in front of texts that are compared with each other: https://arxiv.org/abs/2402.05672
PREFIX = "query: "
# Pieces of a text that are read, and those of one run of the model. A post has about 40; attention grows by the square.
MAX_PIECES, MAX_PIECES_TOGETHER = 128, 256


@functools.lru_cache(maxsize=2048)
def read(text: str) -> Vector:
    """Return the text's vectors after each layer of e5.READ_AFTER: (layers, 384), each with a Euclidean norm of 1.

    It is cached, and therefore read-only. The last one is the embedding; the others know more of the wording.
    """
    vectors: Vector = read_all([text])[0]
    vectors.setflags(write=False)
    return vectors


def embed(text: str) -> Vector:
    """Return the text's embedding: 384 numbers with a Euclidean norm of 1. It is cached, and therefore read-only."""
    vector: Vector = read(text)[-1]
    return vector


def read_all(texts: Sequence[str]) -> Vector:
    """Return what `read` does of each text: (texts, layers, 384). Together they take less time than one by one."""
    import numpy as np

    from twbot.local.models.e5 import READ_AFTER

    pieces = [_pieces(text) for text in texts]
    found: list[Vector] = []
    while len(found) < len(pieces):
        found.extend(_run(_together(pieces[len(found) :])))
    return np.stack(found) if found else np.empty((0, len(READ_AFTER), 384), dtype=np.float32)


def embed_all(texts: Sequence[str]) -> Vector:
    """Return the embeddings of the texts as rows: (texts, 384)."""
    rows: Vector = read_all(texts)[:, -1]
    return rows


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


def _run(texts: list[list[int]]) -> Vector:
    """Return the vectors of texts, which are read as one sequence, each without a view of the others."""
    import numpy as np

    from twbot.local.models.e5 import RESULTS

    e5, session = _model()
    sizes = np.array([len(pieces) for pieces in texts])
    owners = np.repeat(np.arange(len(texts)), sizes)
    apart = np.where(owners[:, None] == owners, np.float32(0), np.float32(-1e9))[None, None]
    rows = np.concatenate([e5.rows(pieces) for pieces in texts])[None]
    layers = np.concatenate(session.run(RESULTS, {"rows": rows, "apart": apart}))
    sums = np.add.reduceat(layers, np.cumsum(sizes) - sizes, axis=1).swapaxes(0, 1)
    vectors: Vector = sums / np.linalg.norm(sums, axis=-1, keepdims=True)
    return vectors


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
