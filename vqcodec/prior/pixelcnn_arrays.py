"""The exact PixelCNN <-> named arrays, as a model file stores them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import ModelError
from vqcodec.prior.named_arrays import (
    Arrays,
    check_memory,
    layers_from_arrays,
    layers_to_arrays,
    tables_from_arrays,
    tables_to_arrays,
    typed,
)
from vqcodec.prior.pixelcnn import PixelCNN, PixelCNNSlice

__all__ = ["from_arrays", "to_arrays"]

GROUPS = ("context", "causal", "heads")


def to_arrays(prior: PixelCNN) -> dict[str, NDArray[Any]]:
    """All arrays of the prior but the alphabets."""
    arrays = {"values": prior.values.astype(np.int8)} | tables_to_arrays(prior.tables)
    for number, network in enumerate(prior.slices):
        for group in GROUPS:
            arrays |= layers_to_arrays(f"{number}/{group}", getattr(network, group))
    return arrays


def from_arrays(arrays: Arrays, planes: Sequence[int], streams: Sequence[int], sizes: NDArray[np.integer]) -> PixelCNN:
    """The prior of arrays that `to_arrays` gave; `planes` and `streams` as in `PixelCNNConfig`.

    Raises:
        ModelError: an array is missing, unknown, too large or of the wrong type or shape.
    """
    check_memory(arrays)
    try:
        tables = tables_from_arrays(arrays)
        slices = []
        for number in range(len(planes)):
            groups = [layers_from_arrays(arrays, f"{number}/{group}") for group in GROUPS]
            slices.append(PixelCNNSlice(*groups))
        prior = PixelCNN(slices, planes, streams, typed(arrays, "values", np.int8), sizes, tables)
    except (KeyError, ValueError, IndexError) as error:
        raise ModelError(f"the model's prior is incomplete ({error})") from None
    if to_arrays(prior).keys() != arrays.keys():
        raise ModelError("the model's prior has too few or too many arrays")
    return prior
