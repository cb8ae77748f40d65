"""Exact layers in the order in which the kernel reads them: see core/layer.h."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vqcodec.prior.exact import ExactLayer

__all__ = ["Packed", "join_layers", "pack_heads", "pack_layers"]

Packed = NDArray[np.int32]

PANEL = 16  # outputs that are computed together


def pack_layers(layers: Sequence[ExactLayer]) -> Packed:
    """Their number, and each layer."""
    return np.concatenate([np.array([len(layers)], np.int32), *map(_packed, layers)])


def join_layers(parts: Sequence[Packed]) -> Packed:
    """All layers of `parts`, one behind the other."""
    count = sum(int(part[0]) for part in parts)
    return np.concatenate([np.array([count], np.int32), *(part[1:] for part in parts)])


def pack_heads(heads: Sequence[ExactLayer], sizes: Sequence[NDArray[np.int32]]) -> Packed:
    """The heads of slices as one layer for each plane with a choice.

    Args:
        heads: one for each slice, the logits of its planes side by side.
        sizes: the alphabets of these planes, for each slice.
    """
    layers = []
    for head, own in zip(heads, sizes, strict=True):
        bounds = np.cumsum([0, *own]).tolist()
        for first, last in itertools.pairwise(bounds):
            part = slice(first, last)
            layers.append(ExactLayer(head.weight[:, part], head.bias[:, part], head.shift[part], head.input_max))
    return pack_layers(layers)


def _packed(layer: ExactLayer) -> Packed:
    inputs, outputs = layer.weight.shape
    pairs, columns = -(-inputs // 2), -(-outputs // PANEL) * PANEL
    weights = np.zeros((2 * pairs, columns), np.int8)
    weights[:inputs, :outputs] = layer.weight
    panels = weights.reshape(pairs, 2, columns // PANEL, PANEL).transpose(2, 0, 3, 1)
    shifts = np.zeros(columns, np.int32)
    shifts[:outputs] = layer.shift
    offsets = np.zeros((len(layer.bias), columns), np.int32)
    offsets[:, :outputs] = layer.bias
    offsets += (1 << shifts) >> 1  # one half of what the shift divides by, so that it rounds
    shape = np.array([inputs, outputs, len(layer.bias)], np.int32)
    packed: Packed = np.concatenate(
        [shape, offsets.ravel(), shifts, np.ascontiguousarray(panels).ravel().view(np.int32)]
    )
    return packed
