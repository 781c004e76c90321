"""Makes data/text_detector.onnx and data/text_recogniser.onnx of PP-OCRv6's networks, with weights of 8 bits.

pip download rapidocr==3.10.0 --no-deps   # unpack it: its folder rapidocr/models has the networks
python -m twbot.local.models.training.text_networks rapidocr/models NotoSansCJK-Regular.ttc

The font is of Debian's fonts-noto-cjk. What goes through the recogniser has 8 bits, too, which halves its time. It must
be known how large the numbers get: they are looked at while it reads lines that are drawn on photos and colours.
"""

from __future__ import annotations

import importlib.resources
import io
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
from onnx import version_converter
from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageStat

from twbot.local.models.pictures import decode
from twbot.local.models.text_boxes import find_boxes
from twbot.local.models.text_lines import cut
from twbot.local.models.text_networks import DATA, DETECTOR, RECOGNISER, line_input
from twbot.local.models.training.weights import shrink

if TYPE_CHECKING:
    from twbot.local.models.text_networks import Map, Pixels

SENTENCES = DATA / "sentiment_sentences.tsv"
PHOTOS = Path(__file__).parents[2] / "simulator" / "pictures"
# Which font of the collection has each language's shapes of the characters.
CJK = {"ja": 0, "ko": 1, "zh": 2}
SCRIPTS = {"ar": "Arabic", "hi": "Devanagari"}
LANGUAGES = ("en", "en", "en", "zh", "ja", "es", "de", "fr", "pt", "ko", "hi", "ar")
SIZES = ((640, 480), (800, 600), (640, 640), (600, 300), (480, 640))
PAPERS = ("white", "#15202b", "#eee", "#222", "#ffe9b0", "#205080")
WHITES, BLACKS = ("white", "#e7e9ea", "#ffd"), ("black", "#536471", "#a00", "#888")
PICTURES, LINES = 64, 160
# Sums of numbers of 8 bits stay within 16 bits on processors without VNNI only if the weights have 7:
# https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html#when-and-why-do-i-need-to-try-u8u8
SEVEN_BITS = True
# The versions of the operators. Before 13, weights have one scale for all channels.
OPERATORS = 17
LAYERS = ("Conv", "MatMul")
# Fused with what follows, a layer would keep its floats.
NOT_FUSED = (
    *("ConvActivationFusion", "ConvAddActivationFusion", "QuickGeluFusion"),
    *("MatMulAddFusion", "MatMulScaleFusion", "MatmulTransposeFusion"),
)


def main(networks: Path, font: Path) -> None:
    random.seed(7)
    detector, recogniser = networks / "PP-OCRv6_det_small.onnx", networks / "PP-OCRv6_rec_small.onnx"
    DETECTOR.write_bytes(shrink(onnx.load(detector)))
    lines = [line_input(line) for picture in _pictures(font) for line in _lines(picture)]
    RECOGNISER.write_bytes(quantised(recogniser, random.sample(lines, LINES)))


def quantised(network: Path, seen: Sequence[Map]) -> bytes:
    """Return the ONNX file with weights and activations of 8 bits. seen: inputs of the network."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source.onnx"), Path(folder, "target.onnx")
        _prepare(network, source)
        quantize_static(
            source,
            target,
            _Inputs(seen),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(LAYERS),
            per_channel=True,
            reduce_range=SEVEN_BITS,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return target.read_bytes()


def _prepare(network: Path, target: Path) -> None:
    """Write the network with newer operators, and with the activation GELU as one layer."""
    newer = version_converter.convert_version(onnx.load(network), OPERATORS)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(target)
    onnxruntime.InferenceSession(
        newer.SerializeToString(), options, providers=["CPUExecutionProvider"], disabled_optimizers=list(NOT_FUSED)
    )
    made = onnx.load(target)
    if not made.metadata_props:  # the recogniser's letters
        made.metadata_props.extend(newer.metadata_props)
        onnx.save(made, target)


class _Inputs:
    """What onnxruntime calls a CalibrationDataReader."""

    def __init__(self, seen: Sequence[Map]) -> None:
        self._left = iter(seen)

    def get_next(self) -> dict[str, Any] | None:
        numbers = next(self._left, None)
        return None if numbers is None else {"x": numbers}


def _lines(picture: Image.Image) -> list[Pixels]:
    pixels = np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])
    return [cut(pixels, box.corners) for box in find_boxes(pixels)]


def _pictures(font: Path) -> Iterator[Image.Image]:
    sentences = defaultdict(list)
    for row in SENTENCES.read_text(encoding="utf-8").splitlines():
        language, _, text = row.split("\t")
        sentences[language].append(text)
    photos = [decode((PHOTOS / name).read_bytes()) for name in ("cat.jpg", "celebrity.jpg", "coffee.jpg")]
    yield from photos
    for _ in range(PICTURES):
        image = _background(photos)
        _write(image, sentences, font)
        yield _worn(image)


def _background(photos: Sequence[Image.Image]) -> Image.Image:
    size = random.choice(SIZES)
    noise = Image.effect_noise(size, random.randint(20, 90)).filter(ImageFilter.GaussianBlur(random.randint(0, 6)))
    kinds = (Image.new("RGB", size, random.choice(PAPERS)), random.choice(photos).resize(size), noise.convert("RGB"))
    return random.choice(kinds)


def _write(image: Image.Image, sentences: Mapping[str, Sequence[str]], cjk: Path) -> None:
    """Write sentences of any language and size below each other, in a colour that is not the background's."""
    dark = ImageStat.Stat(image.convert("L")).mean[0] < 128
    y, drawing = 10.0, ImageDraw.Draw(image)
    while y < image.height - 60:
        language, size = random.choice(LANGUAGES), random.randint(13, 60)
        letters = round((image.width - 20) / size / (1 if language in CJK else 0.55))
        text = random.choice(sentences[language])[:letters]
        ink, stroke = random.choice(WHITES if dark else BLACKS), random.choice((0, 0, 0, 2))
        font = _font(language, size, cjk)
        drawing.text((10, y), text, ink, font, stroke_width=stroke, stroke_fill="black" if dark else ink)
        y += size * random.uniform(1.6, 4)


def _font(language: str, size: int, cjk: Path) -> ImageFont.FreeTypeFont:
    if language in CJK:
        return ImageFont.truetype(cjk, size, index=CJK[language])
    name = f"NotoSans{SCRIPTS.get(language, '')}[wght].ttf"
    return ImageFont.truetype(io.BytesIO(importlib.resources.files("manimgx_fonts").joinpath(name).read_bytes()), size)


def _worn(image: Image.Image) -> Image.Image:
    """Return the picture as it comes from other people: some are blurred, turned or compressed."""
    if random.random() < 0.25:
        image = image.filter(ImageFilter.GaussianBlur(1))
    if random.random() < 0.15:
        image = image.rotate(random.uniform(-30, 30), expand=True, fillcolor="white")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=random.randint(20, 95))
    return Image.open(file).convert("RGB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
