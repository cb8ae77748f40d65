"""What networks are made of, as data: layers with their sizes, and the names and shapes of their weights.

A network is defined once, by two things: its parts, layers by name (`Parts`), and a function that joins them, written
for any arrays that can be added and multiplied. PyTorch trains modules that are made of the parts
(`vqcodec.transform.torch_networks`); without it, the same function writes a graph that ONNX Runtime evaluates
(`vqcodec.transform.graph`). A weight has the name of its part, with a dot before inner names: `layers.3.first.bias`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "SLOPE",
    "Convolution",
    "DepthToSpace",
    "DepthToTime",
    "LeakyRelu",
    "Part",
    "Parts",
    "RateBias",
    "RateGain",
    "ResidualBlock",
    "Sequence",
    "SpaceToDepth",
    "residual",
    "weight_shapes",
]

Pair = tuple[int, int]
Shape = tuple[int, ...]

SLOPE = 0.1  # of leaky ReLU, below 0


@dataclass(frozen=True)
class Convolution:
    """Over an odd kernel of rows and columns; zeros around it keep the size, which the stride then divides."""

    inputs: int
    outputs: int
    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)


@dataclass(frozen=True)
class LeakyRelu:
    """max(x, SLOPE x)."""


@dataclass(frozen=True)
class ResidualBlock:
    """A small network: see `residual`. Training begins with second = 0, so that depth costs nothing."""

    width: int
    kernel: Pair

    @property
    def parts(self) -> Parts:
        """Two convolutions and what is before each."""
        convolution = Convolution(self.width, self.width, self.kernel)
        return {"first": convolution, "second": convolution, "act": LeakyRelu()}


def residual(net: Any, x: Any) -> Any:
    """`[B, width, H, W]` to the same shape."""
    return x + net.second(net.act(net.first(net.act(x))))


@dataclass(frozen=True)
class DepthToSpace:
    """`[B, C r r, H, W]` to `[B, C, H r, W r]`; a channel of the output has r r neighbouring channels of the input."""

    channels: int  # C
    factor: int  # r


@dataclass(frozen=True)
class SpaceToDepth:
    """The inverse of `DepthToSpace`: `[B, C, H r, W r]` to `[B, C r r, H, W]`."""

    channels: int  # C
    factor: int  # r


@dataclass(frozen=True)
class DepthToTime:
    """`[B, 2 C, 1, T]` to `[B, C, 1, 2 T]`: the first half of the channels gives the even frames."""

    channels: int  # C


@dataclass(frozen=True)
class RateGain:
    """A factor for each channel at each rate point. Training begins with 1."""

    rate_points: int
    channels: int


@dataclass(frozen=True)
class RateBias:
    """A summand for each channel at each rate point. Training begins with 0."""

    rate_points: int
    channels: int


@dataclass(frozen=True)
class Sequence:
    """Layers one after the other; their names are their numbers."""

    layers: tuple[Part, ...]


Part = (
    Convolution | LeakyRelu | ResidualBlock | DepthToSpace | SpaceToDepth | DepthToTime | RateGain | RateBias | Sequence
)
Parts = Mapping[str, Part | None]  # None: a part that a network may have, and this one has not


def weight_shapes(parts: Parts) -> dict[str, Shape]:
    """The shapes of all weights of a network by their names."""
    return {name: shape for part, layer in parts.items() for name, shape in _weights(part, layer)}


def _weights(name: str, part: Part | None) -> Iterator[tuple[str, Shape]]:
    match part:
        case Convolution(inputs, outputs, kernel):
            yield f"{name}.weight", (outputs, inputs, *kernel)
            yield f"{name}.bias", (outputs,)
        case ResidualBlock():
            for inner, layer in part.parts.items():
                yield from _weights(f"{name}.{inner}", layer)
        case RateGain(rate_points, channels):
            yield name, (rate_points, channels)
        case RateBias(rate_points, channels):
            yield f"{name}.weight", (rate_points, channels)
        case Sequence(layers):
            for number, layer in enumerate(layers):
                yield from _weights(f"{name}.{number}", layer)
