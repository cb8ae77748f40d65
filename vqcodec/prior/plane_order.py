"""The order of planes in a file: bundled into slices of a network's work, and these into the streams of a file."""

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
    """Which planes each slice and each layer of a file has.

    Attributes:
        plane_ranges: the planes of each slice.
        layer_slices: the slices of each layer.
        layer_ends: how many planes the layers up to each have.
    """

    plane_ranges: list[range]
    layer_slices: list[range]
    layer_ends: list[int]

    @classmethod
    def of(
        cls, planes: Sequence[int], layers: Sequence[int], values: NDArray[np.int8], sizes: NDArray[np.integer]
    ) -> PlaneOrder:
        """The order of `planes` a slice and `layers` slices a layer, of a prior with these values and alphabets.

        Args:
            planes: how many planes each slice has.
            layers: how many slices each layer has.
            values: `[R, P, K, D]`.
            sizes: `[R, P]`, each in 1..K.

        Raises:
            ModelError: they do not fit together.
        """
        fits = min((*planes, *layers), default=0) >= 1 and len(planes) == sum(layers)
        fits &= values.ndim == 4 and 0 not in values.shape and sizes.shape == values.shape[:2]
        if not fits or sum(planes) != values.shape[1]:
            raise ModelError("the parts of the model's prior do not fit together")
        if sizes.min() < 1 or sizes.max() > values.shape[2]:
            raise ModelError("an alphabet of the model's prior is out of range")
        ends = np.cumsum(planes).tolist()
        bounds = np.cumsum([0, *layers]).tolist()
        return cls(
            plane_ranges=[range(end - count, end) for end, count in zip(ends, planes, strict=True)],
            layer_slices=[range(a, b) for a, b in itertools.pairwise(bounds)],
            layer_ends=[ends[bound - 1] for bound in bounds[1:]],
        )
