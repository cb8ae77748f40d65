"""A small version of a picture from the first planes of its indices: one convolution, in place of a decoder.

    z_q of the first stream [C, h, w] --3x3--> [3 s s, h, w] --shuffle--> pixels [s h, s w, 3]

It is fitted to decoded pictures that are scaled down by REDUCTION: see `vqcodec.training.thumbnail`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import ModelError
from vqcodec.transform.image.config import AutoencoderConfig
from vqcodec.transform.weights import Weights, check_finite

__all__ = ["BIAS", "REDUCTION", "WEIGHT", "ThumbnailHead", "neighbourhoods", "thumbnail_head"]

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

REDUCTION = 4  # pixels of a picture, in each direction, for one of its thumbnail
WEIGHT, BIAS = "thumbnail/weight", "thumbnail/bias"  # in a model file
POSITIONS = 1 << 14  # that are computed at once, to bound the memory


@dataclass(frozen=True)
class ThumbnailHead:
    """The convolution.

    Attributes:
        weight: `[3 s s, C, 3, 3]`.
        bias: `[3 s s]`.
    """

    weight: Floats
    bias: Floats

    @property
    def channels(self) -> int:
        """Of z_q that it reads, from the first on."""
        return int(self.weight.shape[1])

    def __call__(self, z_q: Floats) -> Pixels:
        """Pixels `[s h, s w, 3]` of z_q `[C, h, w]`."""
        _, height, width = z_q.shape
        side = round((len(self.bias) / 3) ** 0.5)
        out = np.empty((height * side, width * side, 3), np.uint8)
        matrix, rows = self.weight.reshape(len(self.weight), -1).T, max(1, POSITIONS // width)
        for first in range(0, height, rows):
            last = min(first + rows, height)
            values = (neighbourhoods(z_q, first, last) @ matrix + self.bias + np.float32(0.5)) * 255
            check_finite(values.max(), values.min())
            squares = np.rint(values).clip(0, 255).astype(np.uint8).reshape(last - first, width, 3, side, side)
            out[first * side : last * side] = squares.transpose(0, 3, 1, 4, 2).reshape(-1, width * side, 3)
        return out


def neighbourhoods(z_q: Floats, first: int, last: int) -> Floats:
    """What the convolution sees in rows `first`..`last` of z_q `[C, h, w]`: `[positions, C 3 3]`, zeros outside."""
    channels, height, width = z_q.shape
    padded = np.zeros((channels, last - first + 2, width + 2), np.float32)
    top, bottom = max(0, first - 1), min(height, last + 1)
    padded[:, top - first + 1 : bottom - first + 1, 1:-1] = z_q[:, top:bottom]
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return windows.transpose(1, 2, 0, 3, 4).reshape((last - first) * width, channels * 9)


def thumbnail_head(shape: AutoencoderConfig, weights: Weights, channels: int) -> ThumbnailHead | None:
    """That of a model whose first stream has `channels` channels of z_q; None if it has none.

    Raises:
        ModelError: it does not fit the model.
    """
    if WEIGHT not in weights and BIAS not in weights:
        return None
    outputs = 3 * (shape.stride // REDUCTION) ** 2
    found = {name: weights[name].shape for name in (WEIGHT, BIAS) if name in weights}
    if found != {WEIGHT: (outputs, channels, 3, 3), BIAS: (outputs,)} or not outputs:
        raise ModelError("the weights of the model do not fit its thumbnails")
    return ThumbnailHead(weights[WEIGHT], weights[BIAS])
