"""Changes to what a prior is made of, of any modality, that it is to refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from vqcodec.prior.exact import ACTIVATION_MAX, ExactLayer

__all__ = ["Change", "Parts", "layer", "with_group", "with_layer", "with_part", "with_size"]

Parts = dict[str, Any]  # arguments of the prior
Change = Callable[[Parts], Parts]


def layer(inputs: int, outputs: int, rate_points: int = 2) -> ExactLayer:
    """Of zeros."""
    zeros = np.zeros((inputs, outputs), np.int8)
    return ExactLayer(zeros, np.zeros((rate_points, outputs), np.int32), np.zeros(outputs, np.int8), ACTIVATION_MAX)


def with_part(name: str, function: Callable[[Any], Any]) -> Change:
    """Another argument."""
    return lambda parts: parts | {name: function(parts[name])}


def with_size(value: int) -> Change:
    """Another alphabet of the first plane."""
    return with_part("sizes", lambda sizes: np.concatenate([sizes[:1], [[value, *sizes[1, 1:]]]]))


def with_group(number: int, group: str, function: Callable[[tuple[ExactLayer, ...]], Any]) -> Change:
    """Other layers in a slice."""

    def change(slices: list[Any]) -> list[Any]:
        new = replace(slices[number], **{group: tuple(function(getattr(slices[number], group)))})
        return [*slices[:number], new, *slices[number + 1 :]]

    return with_part("slices", change)


def with_layer(group: str, index: int, new: ExactLayer) -> Change:
    """Another layer in the third slice."""
    return with_group(2, group, lambda layers: [*layers[:index], new, *layers[index + 1 :]])
