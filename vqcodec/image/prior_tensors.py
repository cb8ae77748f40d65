"""The exact prior as named arrays, as they are stored in a model file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import ModelError
from vqcodec.image.prior import PixelCNN, SliceNetwork
from vqcodec.nn.exact import ACTIVATION_MAX, ExactLayer, Tables

__all__ = ["prior_from_tensors", "prior_to_tensors"]

Arrays = Mapping[str, NDArray[Any]]
DTYPES = {"weight": np.int8, "bias": np.int32, "shift": np.int8}
GROUPS = ("context", "causal", "heads")


def prior_to_tensors(prior: PixelCNN) -> dict[str, NDArray[Any]]:
    """All arrays that make up the prior but for the alphabets."""
    arrays: dict[str, NDArray[Any]] = {
        "values": prior.values.astype(np.int8),
        "tanh": prior.tables.tanh,
        "sigmoid": prior.tables.sigmoid,
        "exp": prior.tables.exp,
    }
    for number, network in enumerate(prior.slices):
        for group in GROUPS:
            for depth, layer in enumerate(getattr(network, group)):
                for name in DTYPES:
                    arrays[f"{number}/{group}/{depth}/{name}"] = getattr(layer, name)
    return arrays


def prior_from_tensors(
    arrays: Arrays, planes: Sequence[int], layers: Sequence[int], sizes: NDArray[np.integer]
) -> PixelCNN:
    """The prior of arrays that `prior_to_tensors` gave; `planes` and `layers` as in `PriorConfig`.

    Raises:
        ModelError: an array is missing, or of another kind than it should be.
    """
    try:
        tables = Tables(
            _typed(arrays, "tanh", np.int16), _typed(arrays, "sigmoid", np.int16), _typed(arrays, "exp", np.int32)
        )
        slices = []
        for number in range(len(planes)):
            groups = [_layers(arrays, f"{number}/{group}") for group in GROUPS]
            slices.append(SliceNetwork(*groups))
        used = sum(len(group) for each in slices for group in (each.context, each.causal, each.heads))
        if len(arrays) != 4 + used * len(DTYPES):
            raise ModelError("the model's prior has arrays missing, or too many")
        return PixelCNN(slices, planes, layers, _typed(arrays, "values", np.int8), sizes, tables)
    except (KeyError, ValueError, IndexError) as error:
        raise ModelError(f"the model's prior is incomplete ({error})") from None


def _layers(arrays: Arrays, prefix: str) -> tuple[ExactLayer, ...]:
    layers: list[ExactLayer] = []
    while f"{prefix}/{len(layers)}/weight" in arrays:
        at = f"{prefix}/{len(layers)}"
        parts = {name: _typed(arrays, f"{at}/{name}", dtype) for name, dtype in DTYPES.items()}
        layers.append(ExactLayer(**parts, input_max=ACTIVATION_MAX))
    return tuple(layers)


def _typed(arrays: Arrays, name: str, dtype: type) -> NDArray[Any]:
    array = arrays[name]
    if array.dtype != dtype:
        raise ModelError(f"array {name} of the model's prior has the type {array.dtype}")
    return array
