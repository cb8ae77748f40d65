"""Arrays of codes without the places that alphabets leave empty, as a model file stores them.

In memory every alphabet has as many places as the largest one, `[R, P, K, ...]`, and most of them are empty.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import ModelError

__all__ = ["pack_codes", "unpack_codes"]


def pack_codes(array: NDArray[Any], sizes: NDArray[np.integer]) -> NDArray[Any]:
    """`[N, ...]` of `[R, P, K, ...]`, the first `sizes[r, p]` of each rate point and plane.

    Raises:
        ModelError: there is something beyond them, which would be lost.
    """
    taken = _taken(sizes, array.shape[2])
    if array[~taken].any():
        raise ModelError("the model has values beyond the end of an alphabet")
    return np.ascontiguousarray(array[taken])


def unpack_codes(packed: NDArray[Any], sizes: NDArray[np.integer], alphabet: int, most: int) -> NDArray[Any]:
    """`[R, P, alphabet, ...]` of `[N, ...]`.

    Raises:
        ModelError: the sizes are not those of such an array, or it would have more than `most` values.
    """
    if sizes.ndim != 2 or not sizes.size or sizes.min() < 1 or sizes.max() > alphabet or packed.ndim < 1:
        raise ModelError("the alphabets of the model do not fit together")
    places = sizes.size * alphabet
    if len(packed) != sizes.sum() or places * math.prod(packed.shape[1:]) > most:
        raise ModelError("the codes of the model do not fit their alphabets")
    array = np.zeros((*sizes.shape, alphabet, *packed.shape[1:]), packed.dtype)
    array[_taken(sizes, alphabet)] = packed
    return array


def _taken(sizes: NDArray[np.integer], alphabet: int) -> NDArray[np.bool_]:
    """`[R, P, K]`: which places have a code."""
    return np.arange(alphabet) < sizes[..., None]
