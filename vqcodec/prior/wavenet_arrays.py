"""The exact WaveNet <-> named arrays, as a model file stores them."""

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
from vqcodec.prior.wavenet import WaveNet, WaveNetSlice

__all__ = ["from_arrays", "to_arrays"]

GROUPS = ("causal", "heads")


def to_arrays(prior: WaveNet) -> dict[str, NDArray[Any]]:
    """All arrays of the prior but the alphabets.

    The dilations are among them, as they decide what the indices of a file mean.
    """
    arrays: dict[str, NDArray[Any]] = {"values": prior.values.astype(np.int8)}
    arrays |= {"dilations": np.array(prior.causal.dilations, np.int16)} | tables_to_arrays(prior.tables)
    for number, network in enumerate(prior.slices):
        for group in GROUPS:
            arrays |= layers_to_arrays(f"{number}/{group}", getattr(network, group))
    return arrays


def from_arrays(arrays: Arrays, planes: Sequence[int], streams: Sequence[int], sizes: NDArray[np.integer]) -> WaveNet:
    """The prior of arrays that `to_arrays` gave; `planes` and `streams` as in `WaveNetConfig`.

    Raises:
        ModelError: an array is missing, unknown, too large or of the wrong type or shape.
    """
    check_memory(arrays)
    try:
        tables = tables_from_arrays(arrays)
        slices = [
            WaveNetSlice(*(layers_from_arrays(arrays, f"{number}/{group}") for group in GROUPS))
            for number in range(len(planes))
        ]
        dilations = typed(arrays, "dilations", np.int16)
        if dilations.ndim != 1:
            raise ModelError("the dilations of the model's prior have the wrong shape")
        values = typed(arrays, "values", np.int8)
        prior = WaveNet(slices, planes, streams, dilations.tolist(), values, sizes, tables)
    except (KeyError, ValueError, IndexError) as error:
        raise ModelError(f"the model's prior is incomplete ({error})") from None
    if to_arrays(prior).keys() != arrays.keys():
        raise ModelError("the model's prior has too few or too many arrays")
    return prior
