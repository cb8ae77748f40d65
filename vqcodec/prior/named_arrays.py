"""Integer layers and tables as named arrays, as a model file stores them. They are read as hostile input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import ModelError
from vqcodec.prior.exact import ACTIVATION_MAX, ExactLayer, Tables
from vqcodec.system.bounds import MOST_WEIGHTS

__all__ = [
    "Arrays",
    "check_memory",
    "layers_from_arrays",
    "layers_to_arrays",
    "tables_from_arrays",
    "tables_to_arrays",
    "typed",
]

Arrays = Mapping[str, NDArray[Any]]
LAYER = {"weight": np.int8, "bias": np.int32, "shift": np.int8}
TABLES = {"tanh": np.int16, "sigmoid": np.int16, "exp": np.int32}


def check_memory(arrays: Arrays) -> None:
    """Raise ModelError if the arrays of a prior are too large, before layers are made of them."""
    if sum(array.size for array in arrays.values()) > MOST_WEIGHTS:
        raise ModelError("the model's prior is too large")


def layers_to_arrays(prefix: str, layers: Sequence[ExactLayer]) -> dict[str, NDArray[Any]]:
    """The arrays of each layer, named `prefix/0/weight` and so on."""
    return {f"{prefix}/{depth}/{name}": getattr(layer, name) for depth, layer in enumerate(layers) for name in LAYER}


def layers_from_arrays(arrays: Arrays, prefix: str) -> tuple[ExactLayer, ...]:
    """All layers under `prefix`.

    Raises:
        KeyError: an array is missing.
        ModelError: an array is of another type than it should be, or a layer is not exact.
    """
    layers: list[ExactLayer] = []
    while f"{prefix}/{len(layers)}/weight" in arrays:
        at = f"{prefix}/{len(layers)}"
        parts = {name: typed(arrays, f"{at}/{name}", dtype) for name, dtype in LAYER.items()}
        layers.append(ExactLayer(**parts, input_max=ACTIVATION_MAX))
    return tuple(layers)


def tables_to_arrays(tables: Tables) -> dict[str, NDArray[Any]]:
    """The integer functions, by name."""
    return {name: getattr(tables, name) for name in TABLES}


def tables_from_arrays(arrays: Arrays) -> Tables:
    """The integer functions; errors as for `layers_from_arrays`."""
    return Tables(**{name: typed(arrays, name, dtype) for name, dtype in TABLES.items()})


def typed(arrays: Arrays, name: str, dtype: type) -> NDArray[Any]:
    """The array `name`; raises KeyError if it is missing, ModelError if it is not of `dtype`."""
    array = arrays[name]
    if array.dtype != dtype:
        raise ModelError(f"array {name} of the model's prior has the type {array.dtype}")
    return array
