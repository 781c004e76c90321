"""Tells photos from drawings, screenshots, pages and charts: a linear layer on features and statistics of a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from twbot.local.models.loading import loads_once

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

    Numbers = npt.NDArray[np.float64]

WEIGHTS = Path(__file__).parent / "data" / "picture_kinds.npz"
KINDS = ("photo", "drawing", "screenshot", "page", "chart")
# Pixels of the longer side for the statistics.
SIDE = 256


def kinds(image: Image.Image, features: Numbers) -> dict[str, float]:
    """Return how likely each of KINDS is. `features`: EfficientNet's for the picture, 1,280 numbers."""
    import numpy as np

    mean, scale, weights, bias = _weights()
    scores = ((numbers(image, features) - mean) / scale) @ weights + bias
    shares = np.exp(scores - scores.max())
    return dict(zip(KINDS, (shares / shares.sum()).tolist(), strict=True))


def numbers(image: Image.Image, features: Numbers) -> Numbers:
    """Return what the layer reads: the features, and statistics that few photos share with graphics."""
    import numpy as np

    return np.concatenate([features, statistics(image)])


def statistics(image: Image.Image) -> Numbers:
    """Return eleven shares from 0 to 1: flat pixels and edges, frequent colours, grey, strong, light and dark ones."""
    import numpy as np
    from PIL import Image

    # Nearest pixels: averages would bring colours that the picture does not have.
    scale = min(1.0, SIDE / max(image.size))
    size = (max(2, round(image.width * scale)), max(2, round(image.height * scale)))
    pixels = np.asarray(image.resize(size, Image.Resampling.NEAREST)).astype(int)
    steps = np.abs(np.diff(pixels, axis=1)).max(axis=2)
    shades = (pixels // 16) @ np.array([256, 16, 1])
    counts = np.sort(np.bincount(shades.ravel(), minlength=4096))[::-1] / shades.size
    spread, light = pixels.max(axis=2) - pixels.min(axis=2), pixels.mean(axis=2)
    return np.array(
        [
            (steps <= 1).mean(),
            (steps <= 6).mean(),
            (steps >= 80).mean(),
            counts[0],
            counts[:4].sum(),
            counts[:16].sum(),
            (counts > 0).mean(),
            (spread <= 12).mean(),
            (spread >= 120).mean(),
            (light >= 245).mean(),
            (light <= 10).mean(),
        ]
    )


def warm() -> None:
    """Load the weights now instead of at first use."""
    _weights()


@loads_once
def _weights() -> tuple[Any, Any, Any, Any]:
    import numpy as np

    with np.load(WEIGHTS) as stored:
        mean, scale, weights, bias = (stored[name].astype(np.float64) for name in ("mean", "scale", "weights", "bias"))
    return mean, scale, weights, bias
