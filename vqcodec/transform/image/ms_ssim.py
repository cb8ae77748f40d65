"""MS-SSIM of pictures (Wang, Simoncelli and Bovik, 2003) as a graph, with its gradient.

It follows the package pytorch-msssim, with which models are trained and judged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vqcodec.transform.graph.expression import Graph, Value

__all__ = ["LEAST_SIDE", "dissimilarity"]

LEAST_SIDE = 176  # pixels, for five scales, each half the size of the one before, and a window of 11
WEIGHTS = 0.0448, 0.2856, 0.3001, 0.2363, 0.1333  # of the scales, the finest first
WINDOW, SPREAD = 11, 1.5  # of a Gaussian, in pixels
# What keeps the quotients of luminance and of contrast from 0 / 0, for values from 0 to 1.
LUMINANCE, CONTRAST = 0.01**2, 0.03**2
COLOURS = 3


def dissimilarity(graph: Graph, x: Value, y: Value) -> Value:
    """1 - MS-SSIM `[1, 1, 1, 1]` of pictures `[1, 3, H, W]` in 0..1, at least LEAST_SIDE high and wide."""
    product: Value | None = None
    for level, weight in enumerate(WEIGHTS):
        luminance, contrast = _compared(graph, x, y)
        is_last = level + 1 == len(WEIGHTS)
        similarity = _mean(luminance * contrast if is_last else contrast, (2, 3))
        factor = graph.apply("Pow", graph.apply("Relu", similarity), weight)
        product = factor if product is None else product * factor
        if not is_last:
            x, y = _halved(x), _halved(y)
    assert product is not None
    return _mean(product, (1,)) * -1.0 + 1.0


def _compared(graph: Graph, x: Value, y: Value) -> tuple[Value, Value]:
    """How alike the local means are, and the local variances."""
    mean_x, mean_y = _blurred(x), _blurred(y)
    square_x, square_y, both = mean_x * mean_x, mean_y * mean_y, mean_x * mean_y
    variances = (_blurred(x * x) - square_x) + (_blurred(y * y) - square_y)
    covariance = _blurred(x * y) - both
    contrast = (covariance * 2 + CONTRAST) / (variances + CONTRAST)
    return (both * 2 + LUMINANCE) / (square_x + square_y + LUMINANCE), contrast


def _blurred(x: Value) -> Value:
    """The mean under a window around each pixel that has all of it."""
    window = np.exp(-((np.arange(WINDOW) - WINDOW // 2) ** 2) / (2 * SPREAD**2))
    kernel = (window / window.sum()).reshape(1, 1, WINDOW, 1).repeat(COLOURS, axis=0)
    return _filtered(_filtered(x, kernel), kernel.swapaxes(2, 3))


def _halved(x: Value) -> Value:
    """Means of squares of four pixels. Zeros before the first row or column make their number even."""
    apply, constant = x.graph.apply, x.graph.constant
    size = apply("Shape", x, dtype=np.int64, rank=1)
    odd = apply("Mod", size, constant([1, 1, 2, 2], np.int64), dtype=np.int64, rank=1)
    pads = apply("Concat", odd, constant([0, 0, 0, 0], np.int64), dtype=np.int64, rank=1, axis=0)
    return _filtered(apply("Pad", x, pads), np.full((COLOURS, 1, 2, 2), 0.25), stride=2)


def _filtered(x: Value, kernel: np.ndarray, stride: int = 1) -> Value:
    """Each colour under its kernel `[3, 1, rows, columns]`, nothing around it."""
    shape, strides = kernel.shape[2:], (stride, stride)
    weight = x.graph.constant(kernel)
    return x.graph.apply("Conv", x, weight, kernel_shape=shape, strides=strides, pads=(0, 0, 0, 0), group=COLOURS)


def _mean(x: Value, axes: Sequence[int]) -> Value:
    return x.graph.apply("ReduceMean", x, x.graph.constant(axes, np.int64))
