"""The distortions that a model can be trained for: how far a picture is from its original.

`vqcodec.training.distortion` has the same of tensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from vqcodec.transform.graph.expression import Graph, Value
from vqcodec.transform.graph.gradient import gradient
from vqcodec.transform.graph.session import Session
from vqcodec.transform.image.config import Distortion
from vqcodec.transform.image.ms_ssim import LEAST_SIDE, dissimilarity

__all__ = ["SQUARED_SHARE", "distortion_and_gradient", "picture_distortion"]

Floats = NDArray[np.float32]

# MS-SSIM hardly minds a wrong brightness or colour of large areas. This share of the squared error keeps them right.
SQUARED_SHARE = 3e-5
# A picture is compared in tiles of this many pixels a side, to bound the memory.
TILE = 1024


def picture_distortion(name: Distortion, original: NDArray[np.uint8], decoded: NDArray[np.uint8]) -> float:
    """The distortion between pixels `[H, W, 3]`: the mean over tiles.

    "squared error" is the mean over sub-pixels. "ms-ssim" is 1 - MS-SSIM, and SQUARED_SHARE of the squared error.
    """
    height, width = original.shape[:2]
    total = 0.0
    for i in range(0, height, TILE):
        for j in range(0, width, TILE):
            pair = [each[i : i + TILE, j : j + TILE].transpose(2, 0, 1)[None] for each in (original, decoded)]
            x, y = (np.ascontiguousarray(each, np.float32) / np.float32(255) - np.float32(0.5) for each in pair)
            total += _distortion(name, x, y) * x[0, 0].size
    return total / int(original[..., 0].size)


def distortion_and_gradient(name: Distortion, x: Floats, location: Floats) -> tuple[float, Floats]:
    """The distortion between pixels `[1, 3, H, W]` in -0.5..0.5, and its gradient in the second."""
    error = location - x
    squared, slope = _squared(error), error * np.float32(2 * 255**2 / error.size)
    if name == "squared error":
        return squared, slope
    value, padded = _session(with_gradient=True)(_padded(x), _padded(location))
    # A scale on which nothing is alike has a slope of infinity times 0.
    structural = np.nan_to_num(_folded(padded, *x.shape[2:]), nan=0, posinf=0, neginf=0)
    return value.item() + SQUARED_SHARE * squared, structural + np.float32(SQUARED_SHARE) * slope


def _distortion(name: Distortion, x: Floats, location: Floats) -> float:
    squared = _squared(location - x)
    if name == "squared error":
        return squared
    (value,) = _session(with_gradient=False)(_padded(x), _padded(location))
    return float(value.item()) + SQUARED_SHARE * squared


def _squared(error: Floats) -> float:
    """Mean over sub-pixels, on the scale of 8-bit values."""
    return float(np.square(error).mean(dtype=np.float64)) * 255**2


def _padded(x: Floats) -> Floats:
    """Values from 0 on, and the last row and column repeated up to the least side."""
    padding = [(0, max(0, LEAST_SIDE - extent)) for extent in x.shape[2:]]
    return np.pad(x, [(0, 0), (0, 0), *padding], mode="edge") + np.float32(0.5)


def _folded(given: Floats, height: int, width: int) -> Floats:
    """The gradient in what was padded, of that in the padded array."""
    rows = np.concatenate([given[:, :, : height - 1], given[:, :, height - 1 :].sum(2, keepdims=True)], axis=2)
    return np.concatenate([rows[..., : width - 1], rows[..., width - 1 :].sum(3, keepdims=True)], axis=3)


@cache
def _session(with_gradient: bool) -> Session:
    """1 - MS-SSIM of two pictures, and its gradient in the second."""

    def build() -> tuple[Graph, Sequence[Value], Sequence[Value]]:
        graph = Graph()
        x, y = graph.input(), graph.input()
        value = dissimilarity(graph, x, y)
        if not with_gradient:
            return graph, [x, y], [value]
        return graph, [x, y], [value, gradient(value, graph.constant(np.ones((1, 1, 1, 1))), y)]

    return Session(build)
