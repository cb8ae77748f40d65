"""The codebooks of a trained model: from latents to indices and back, in numpy, one plane at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import ModelError

__all__ = ["Codebooks"]

Floats = NDArray[np.float32]

BLOCK = 1 << 14  # vectors that are compared with all codewords at once, to bound the memory


@dataclass(frozen=True)
class Codebooks:
    """Codewords of every rate point and plane.

    Attributes:
        codewords: `[R, P, K, D]`; only the first `sizes[r, p]` of a plane are in use, the most frequent one first.
        sizes: `[R, P]`.
        metric: `[R, P, D]`, weights of the squared distance.
        code_bits: `[R, P, K]`, order-0 code lengths.

    Raises:
        ModelError: the shapes do not fit or are empty, a value is not finite, or a distance or code length is negative.
    """

    codewords: Floats
    sizes: NDArray[np.intp]
    metric: Floats
    code_bits: Floats

    def __post_init__(self) -> None:
        shape = self.codewords.shape
        fits = (
            len(shape) == 4
            and 0 not in shape
            and self.sizes.shape == shape[:2]
            and self.metric.shape == (*shape[:2], shape[3])
            and self.code_bits.shape == shape[:3]
        )
        if not fits or self.sizes.min() < 1 or self.sizes.max() > shape[2]:
            raise ModelError("the codebooks of the model do not fit together")
        if not all(np.isfinite(each).all() for each in (self.codewords, self.metric, self.code_bits)):
            raise ModelError("the codebooks of the model have values that are not finite")
        if min(self.metric.min(), self.code_bits.min()) < 0:
            raise ModelError("the codebooks of the model have distances or code lengths below 0")

    def of(self, rate_point: int, plane: int) -> Floats:
        """The codewords of a plane, `[K, D]`."""
        return self.codewords[rate_point, plane, : self.sizes[rate_point, plane]]

    def order0_bits(self, rate_point: int, plane: int) -> Floats:
        """The order-0 code lengths of a plane, `[K]`."""
        return self.code_bits[rate_point, plane, : self.sizes[rate_point, plane]]

    def nearest(self, vectors: Floats, rate_point: int, plane: int, penalty: Floats) -> NDArray[np.int32]:
        """argmin_k |v - e_k|^2 + penalty: vectors `[N, D]`, penalty `[N, K]` or `[K]`, to indices `[N]`."""
        metric, codewords = self.metric[rate_point, plane], self.of(rate_point, plane)
        constant = (codewords**2 * metric).sum(-1) + penalty
        out = np.empty(len(vectors), np.int32)
        for first in range(0, len(vectors), BLOCK):
            part = slice(first, first + BLOCK)
            offset = constant if constant.ndim == 1 else constant[part]
            out[part] = (offset - (2 * vectors[part] * metric) @ codewords.T).argmin(-1)
        return out

    def look_up(self, indices: NDArray[np.int32], rate_point: int, planes: int | None = None) -> Floats:
        """z_q `[P D, h, w]` of indices `[P', h, w]`; missing planes take their most frequent code.

        Args:
            indices: of the first planes.
            rate_point: the rate point.
            planes: P, by default all of the model.
        """
        planes = self.codewords.shape[1] if planes is None else planes
        dimension = self.codewords.shape[3]
        out = np.empty((planes, *indices.shape[1:], dimension), np.float32)
        for plane in range(planes):
            out[plane] = (
                self.of(rate_point, plane)[indices[plane]] if plane < len(indices) else self.of(rate_point, plane)[0]
            )
        return out.transpose(0, 3, 1, 2).reshape(planes * dimension, *indices.shape[1:])
