"""Samples in arrays of any kind -> float32 `[C, N]`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import InputError
from vqcodec.media.sounds.resampling import check_sample_rate
from vqcodec.media.sounds.sndfile import MAX_CHANNELS

__all__ = ["peak", "samples_array"]

_LOUDEST = 2.0**16  # floats may exceed full scale, 1, by a little, or reach 2**15 if they were never scaled
_SURROUND = 8  # channels, at most, of usual sounds: an array with more rows than this and than columns is transposed


def samples_array(samples: NDArray[Any], sample_rate: int) -> NDArray[np.float32]:
    """float32 `[C, N]`, nominally in -1..1, of an array `[N]`, `[C, N]` or `[N, C]` of floats, of int16 or of int32.

    An array of more than 8 rows and at most 8 columns is taken as `[N, C]`, as soundfile and SciPy return it.

    Raises:
        InputError: the array is something else, is empty, or has values that are not numbers; or `sample_rate` is not
            one of `resampling.SAMPLE_RATES`.
    """
    check_sample_rate(sample_rate)
    array = np.asarray(samples)
    if array.ndim not in (1, 2) or not array.size:
        raise InputError(f"samples must be [N] or [C, N] with at least one sample, not {list(array.shape)}")
    array = np.atleast_2d(array)
    rows, columns = array.shape
    if rows > _SURROUND >= columns:
        array = array.T
    elif rows > max(columns, _SURROUND):
        raise InputError(f"samples must be [C, N], channels first: {[rows, columns]} seem to be the wrong way round")
    if len(array) > MAX_CHANNELS:
        raise InputError(f"samples must be [C, N] of at most {MAX_CHANNELS} channels, not {list(array.shape)}")
    if array.dtype.kind == "i" and array.dtype.itemsize in (2, 4):
        array = array / 2.0 ** (8 * array.dtype.itemsize - 1)
    elif array.dtype.kind != "f":
        raise InputError(f"samples must be floats, int16 or int32, not {array.dtype}")
    with np.errstate(over="ignore"):
        floats = np.ascontiguousarray(array, np.float32)
    peak(floats)
    return floats


def peak(block: NDArray[np.float32]) -> float:
    """The largest magnitude of a block; InputError if it cannot be one of a sound."""
    peak = float(np.abs(block).max())
    if not np.isfinite(peak):
        raise InputError("the sound has samples that are not numbers")
    if peak > _LOUDEST:
        raise InputError(f"the sound has samples of up to {peak:.3g}, where full scale is 1")
    return peak
