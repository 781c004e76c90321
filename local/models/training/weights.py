"""Stores the weights of ONNX models in a quarter of the bytes: 8 bits each, and a scale for each output channel.

The first nodes of the stored graph make them floats again. onnxruntime runs those nodes once, when it loads the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import onnx

# Smaller tensors (biases, scales) stay as they are.
MIN_WEIGHTS = 2048


def shrink(model: onnx.ModelProto) -> bytes:
    """Return the file of a model whose weights of convolutions and matrices have 8 bits."""
    from onnx import TensorProto, helper, numpy_helper

    graph, stored, nodes = model.graph, [], []
    for tensor in graph.initializer:
        numbers = numpy_helper.to_array(tensor)
        if numbers.dtype.kind != "f" or numbers.ndim < 2 or numbers.size < MIN_WEIGHTS:
            stored.append(tensor)
            continue
        small, scale = _quantised(numbers)
        name = tensor.name
        stored += [numpy_helper.from_array(small, f"{name}.small"), numpy_helper.from_array(scale, f"{name}.scale")]
        nodes.append(helper.make_node("Cast", [f"{name}.small"], [f"{name}.whole"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Mul", [f"{name}.whole", f"{name}.scale"], [name]))
    nodes += graph.node
    # Old files list each weight as an input, too: it would be an input and a node's output.
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [each for each in graph.input if each.name not in weights]
    for field, values in ((graph.initializer, stored), (graph.node, nodes), (graph.input, inputs)):
        del field[:]
        field.extend(values)
    return bytes(model.SerializeToString(deterministic=True))


def _quantised(numbers: Any) -> tuple[Any, Any]:
    import numpy as np

    # A convolution's output channels are its first axis, a matrix's are its second.
    channel = 0 if numbers.ndim == 4 else 1
    others = tuple(axis for axis in range(numbers.ndim) if axis != channel)
    scale = np.maximum(np.abs(numbers).max(axis=others, keepdims=True) / 127, 1e-12).astype(np.float32)
    return np.round(numbers / scale).astype(np.int8), scale
