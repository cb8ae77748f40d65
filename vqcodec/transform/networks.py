"""The networks of a model of any modality, on a device."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Generic, SupportsFloat, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bitstream.errors import ModelError
from vqcodec.transform.forks import one_thread_in_forks

__all__ = ["Networks", "Weights", "arrays_of", "check_finite", "state_of"]

# Arrays of "encoder/...", "decoder/..." and "likelihood/...".
Weights = Mapping[str, NDArray[Any]]

Network = TypeVar("Network", bound=nn.Module)
Encoder = TypeVar("Encoder", bound=nn.Module)
Decoder = TypeVar("Decoder", bound=nn.Module)
Likelihood = TypeVar("Likelihood", bound=nn.Module)


class Networks(Generic[Encoder, Decoder, Likelihood]):
    """Encoder, decoder and likelihood of a model, for evaluation.

    Args:
        weights: of the model; the encoder's may be missing.
        device: "cpu", "cuda", ...
        encoder, decoder, likelihood: make networks of the model's shape.
        values: "pixels" or "samples", for error messages.

    Raises:
        ModelError: the weights do not fit, or the device cannot be used.
    """

    def __init__(
        self,
        weights: Weights,
        device: str,
        encoder: Callable[[], Encoder],
        decoder: Callable[[], Decoder],
        likelihood: Callable[[], Likelihood],
        values: str,
    ) -> None:
        self._weights, self._make_likelihood, self._values = weights, likelihood, values
        one_thread_in_forks()
        try:
            self.device = torch.device(device)
            self._encoder = self._filled(encoder(), "encoder") if state_of(weights, "encoder") else None
            self.decoder = self._filled(decoder(), "decoder")
        except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
            raise ModelError(f"the model cannot be used on {device!r}: {str(error).splitlines()[0]}") from None

    @property
    def encoder(self) -> Encoder:
        """From originals to latents.

        Raises:
            ModelError: the model has none, or one that does not fit.
        """
        if self._encoder is None:
            raise ModelError("the model has no encoder: it can only decompress")
        return self._encoder

    @cached_property
    def likelihood(self) -> Likelihood:
        """From the decoder's features to the parameters of p(x|z_q). It is made on first use, as files do not need it.

        Raises:
            ModelError: the model has none, or one that does not fit.
        """
        try:
            return self._filled(self._make_likelihood(), "likelihood")
        except RuntimeError:
            raise ModelError(
                f"the model cannot say how likely {self._values} are: its likelihood network is missing or does not fit"
            ) from None

    def _filled(self, network: Network, name: str) -> Network:
        """The network on the device, with the weights of this name in the model."""
        network.eval().requires_grad_(False).to(self.device).load_state_dict(state_of(self._weights, name))
        return network


def state_of(weights: Weights, network: str) -> dict[str, Tensor]:
    """The weights of "encoder", "decoder" or "likelihood", in float32; empty if there are none."""
    prefix = network + "/"
    return {
        name.removeprefix(prefix): torch.from_numpy(array.astype(np.float32))
        for name, array in weights.items()
        if name.startswith(prefix)
    }


def arrays_of(name: str, module: nn.Module) -> dict[str, NDArray[np.float32]]:
    """The weights of a network as arrays of a model, `name/...`."""
    return {f"{name}/{key}": value.numpy() for key, value in module.state_dict().items()}


def check_finite(*ends: SupportsFloat) -> None:
    """Raise ModelError if the least or greatest number of a network is not finite, which large weights can cause."""
    if not all(map(math.isfinite, map(float, ends))):
        raise ModelError("the networks of the model give values that are not finite")
