"""The order of planes: consecutive planes make up a slice, and consecutive slices make up a stream of a file."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import ModelError

__all__ = ["PlaneOrder"]


@dataclass(frozen=True)
class PlaneOrder:
    """Which planes each slice has, and which slices each stream.

    Attributes:
        plane_ranges: the planes of each slice.
        stream_slices: the slices of each stream.
        stream_ends: the number of planes up to the end of each stream.
    """

    plane_ranges: list[range]
    stream_slices: list[range]
    stream_ends: list[int]

    @classmethod
    def of(
        cls, planes: Sequence[int], streams: Sequence[int], values: NDArray[np.int8], sizes: NDArray[np.integer]
    ) -> PlaneOrder:
        """The order of `planes` a slice and `streams` slices a stream, of a prior with these values and alphabets.

        Args:
            planes: how many planes each slice has.
            streams: how many slices each stream has.
            values: `[R, P, K, D]`.
            sizes: `[R, P]`, each in 1..K.

        Raises:
            ModelError: they do not fit together.
        """
        fits = min((*planes, *streams), default=0) >= 1 and len(planes) == sum(streams)
        fits &= values.ndim == 4 and 0 not in values.shape and sizes.shape == values.shape[:2]
        if not fits or sum(planes) != values.shape[1]:
            raise ModelError("the parts of the model's prior do not fit together")
        if sizes.min() < 1 or sizes.max() > values.shape[2]:
            raise ModelError("an alphabet of the model's prior is out of range")
        ends = np.cumsum(planes).tolist()
        bounds = np.cumsum([0, *streams]).tolist()
        return cls(
            plane_ranges=[range(end - count, end) for end, count in zip(ends, planes, strict=True)],
            stream_slices=[range(a, b) for a, b in itertools.pairwise(bounds)],
            stream_ends=[ends[bound - 1] for bound in bounds[1:]],
        )
