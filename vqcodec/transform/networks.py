"""The networks of a model of any modality, on a device: by ONNX Runtime on a CPU, and else by PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import ModelError
from vqcodec.transform.graph.networks import GraphNetworks
from vqcodec.transform.weights import NetworkWeights

__all__ = ["Networks", "networks_on"]

Floats = NDArray[np.float32]


class Networks(Protocol):
    """Encoder, decoder and likelihood as functions of arrays `[B, C, H, W]`. Threads may share them."""

    def encode(self, x: Floats) -> Floats:
        """z_e; ModelError if the model has no encoder."""

    def decode(self, z_q: Floats, rate_point: int) -> Floats:
        """The location of p(x|z_q)."""

    def decode_with_likelihood(self, z_q: Floats, rate_point: int) -> tuple[Floats, Floats]:
        """The location, and what the likelihood network says besides; ModelError if the model has none."""

    def decode_with_gradient(self, z_q: Floats, rate_point: int) -> tuple[Floats, Callable[[Floats], Floats]]:
        """The location, and a function from the gradient in it to the gradient in z_q."""

    def release_memory(self) -> None:
        """Give back the memory that is kept for the next call, which takes a tenth of a second longer then."""


def networks_on(device: str, weights: NetworkWeights) -> Networks:
    """The networks of a model on a device: "cpu", "cuda", ...

    Raises:
        ModelError: the weights do not fit, the device cannot be used, or it needs PyTorch, which is not installed.
    """
    weights.check()
    if device == "cpu":
        return GraphNetworks(weights)
    try:
        from vqcodec.transform.torch_networks import TorchNetworks
    except ModuleNotFoundError:
        raise ModelError(f"the device {device!r} needs PyTorch: pip install 'vqcodec[train]'") from None
    return TorchNetworks(weights, device)
