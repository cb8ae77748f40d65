"""The shapes of the priors."""

from __future__ import annotations

from dataclasses import dataclass

from vqcodec.system.bounds import check_bounds

__all__ = ["PixelCNNConfig", "WaveNetConfig"]


@dataclass(frozen=True)
class PixelCNNConfig:
    """The shape of a prior of pictures; ValueError if it is out of bounds.

    Attributes:
        planes: how many planes each slice has, in order.
        streams: how many slices each stream of a file has, in order.
        context: channels and number of the 3x3 layers over earlier slices.
        hidden: channels of the causal layers.
        depth: number of causal layers.
        features: inner dimension of the heads.
    """

    planes: tuple[int, ...]
    streams: tuple[int, ...]
    context: int = 64
    context_depth: int = 2
    hidden: int = 64
    depth: int = 3
    features: int = 16

    def __post_init__(self) -> None:
        for name in ("context", "context_depth", "hidden", "depth", "features"):
            check_bounds(name, getattr(self, name), 4096)
        for count in (*self.planes, *self.streams):
            check_bounds("planes of a slice, or slices of a stream", count, 4096)
        check_bounds("number of streams", len(self.streams), 8)
        check_bounds("slices of all streams", sum(self.streams), len(self.planes), low=len(self.planes))


@dataclass(frozen=True)
class WaveNetConfig:
    """The shape of a prior of sound; ValueError if it is out of bounds.

    Attributes:
        planes: how many planes each slice has, in order.
        streams: how many slices each stream of a file has, in order.
        hidden: channels of the causal layers.
        dilations: how many frames back each layer after the first looks.
        features: inner dimension of the heads.
    """

    planes: tuple[int, ...]
    streams: tuple[int, ...]
    hidden: int = 64
    dilations: tuple[int, ...] = (1, 2, 4, 8)
    features: int = 16

    def __post_init__(self) -> None:
        check_bounds("hidden", self.hidden, 4096)
        check_bounds("features", self.features, 4096)
        for count in (*self.planes, *self.streams):
            check_bounds("planes of a slice, or slices of a stream", count, 4096)
        check_bounds("number of streams", len(self.streams), 8)
        check_bounds("slices of all streams", sum(self.streams), len(self.planes), low=len(self.planes))
        check_bounds("number of dilations", len(self.dilations), 16, low=0)
        for dilation in self.dilations:
            check_bounds("dilation", dilation, 4096)
