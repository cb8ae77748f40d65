"""Bounds on models, whose files may be hostile: on the memory to load one, and on the work for a pixel or a sample.

They are two to ten times what the bundled models need. docs/FORMAT.md lists them and their consequences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import NamedTuple

from bitstream.errors import ModelError

__all__ = [
    "LEAST_PACKED",
    "MOST_CODE_VALUES",
    "MOST_WEIGHTS",
    "NETWORK_OF_PIXELS",
    "NETWORK_OF_SAMPLES",
    "PRIOR_OF_PIXELS",
    "PRIOR_OF_SAMPLES",
    "Convolution",
    "Cost",
    "check_bounds",
    "check_convolutions",
    "check_cost",
    "parameters",
]

MOST_WEIGHTS = 1 << 25  # of a prior: ten times the most so far. As layers, they take five bytes each.
MOST_CODE_VALUES = 1 << 21  # of the codes of all rate points and planes, with the places that alphabets leave empty
LEAST_PACKED = 8  # values of 8 bits that a byte may stand for: a Huffman code takes at least one bit a value


@dataclass(frozen=True)
class Cost:
    """Work and memory of a part of a model, for a latent position, or for a pixel or sample.

    Attributes:
        multiply_adds: of all layers together.
        numbers: that all layers read and give: they take time even if there are few multiply-adds.
        widest: numbers of the largest layer or slice, which are held for a diagonal or a tile.
        held: bytes that are held for the whole picture or recording.
    """

    multiply_adds: float
    numbers: float
    widest: float
    held: float


# The most for a pixel of a picture, and for a sample of a channel at the sample rate of the model.
NETWORK_OF_PIXELS = Cost(multiply_adds=1 << 18, numbers=1 << 10, widest=32, held=0)
PRIOR_OF_PIXELS = Cost(multiply_adds=1 << 18, numbers=1 << 12, widest=256, held=32)
NETWORK_OF_SAMPLES = Cost(multiply_adds=1 << 16, numbers=1 << 8, widest=32, held=0)
PRIOR_OF_SAMPLES = Cost(multiply_adds=1 << 15, numbers=1 << 9, widest=256, held=32)


class Convolution(NamedTuple):
    """A layer of an encoder or decoder.

    Attributes:
        weights: their number, without biases.
        outputs: its channels; each has a bias.
        units: pixels, or samples, in one of its positions.
    """

    weights: int
    outputs: int
    units: int


def parameters(layers: Sequence[Convolution]) -> int:
    """Weights and biases of all layers."""
    return sum(layer.weights + layer.outputs for layer in layers)


def check_convolutions(layers: Sequence[Convolution], most: Cost) -> None:
    """Raise ValueError if layers on top of each other take more than `most` for a pixel or sample."""
    work = sum(layer.weights / layer.units for layer in layers)
    numbers = [layer.outputs / layer.units for layer in layers]
    if not _within(Cost(work, sum(numbers), max(numbers), 0), most):
        raise ValueError("the networks take more work or memory than a model may")


def check_cost(of_position: Cost, units: int, most: Cost) -> None:
    """Raise ModelError if a prior takes more than `most` for a pixel or sample; a position has `units` of these."""
    if not _within(Cost(*(each / units for each in astuple(of_position))), most):
        raise ModelError("the model's prior takes more work or memory than a prior may")


def check_bounds(name: str, value: int, high: int, low: int = 1) -> None:
    """Raise ValueError if `value`, a setting in the header of a model, is outside of `low`..`high`."""
    if not low <= value <= high:
        raise ValueError(f"{name}: {value} is outside of {low}..{high}")


def _within(cost: Cost, most: Cost) -> bool:
    return all(each <= bound for each, bound in zip(astuple(cost), astuple(most), strict=True))
