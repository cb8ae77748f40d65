"""The codebook indices of a picture or a recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitstream import AudioSource, Chunks, ImageSource

__all__ = ["Indices", "Source"]

Source = ImageSource | AudioSource


@dataclass(frozen=True, eq=False)
class Indices:
    """An index volume, and what is needed to make a picture or a recording of it.

    Attributes:
        values: int32 `[P, rows, columns]`, planes in order of importance; fewer planes than the model has if the file
            was cut. Rows and columns are positions of a picture, or channels and frames of sound.
        sizes: the alphabet of each plane: `0 <= values[p] < sizes[p]`.
        rate_point: which of the model's codebook sets the indices refer to.
        source: size and colour format of the picture, or length, sample rate and channels of the recording.
        chunks: what a picture has besides its colours, as the file holds it.

    Raises:
        ValueError: the values do not fit the rest.
    """

    values: NDArray[np.int32]
    sizes: tuple[int, ...]
    rate_point: int
    source: Source
    chunks: Chunks = Chunks()  # noqa: RUF009  (it is frozen)

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or len(self.values) != len(self.sizes) or self.values.size == 0:
            raise ValueError("indices must be [planes, rows, columns], with one alphabet size for each plane")
        if self.values.dtype.kind not in "iu":
            raise ValueError(f"indices must be integers, not {self.values.dtype}")
        flat = self.values.reshape(len(self.values), -1)
        if flat.min() < 0 or (flat.max(1) >= np.array(self.sizes)).any():
            raise ValueError("an index is outside of its alphabet")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Indices):
            return NotImplemented
        mine = (self.sizes, self.rate_point, self.source, self.chunks)
        theirs = (other.sizes, other.rate_point, other.source, other.chunks)
        return mine == theirs and np.array_equal(self.values, other.values)

    __hash__ = None  # type: ignore[assignment]
