"""The weights of the networks of a model, checked against what the networks are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, SupportsFloat

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import ModelError
from vqcodec.transform.layers import Parts, weight_shapes

__all__ = ["Definition", "NetworkWeights", "Weights", "check_finite"]

# Arrays of "encoder/...", "decoder/..." and "likelihood/...".
Weights = Mapping[str, NDArray[Any]]
State = dict[str, NDArray[np.float32]]  # of one network, without its name


class Definition(Protocol):
    """What the networks of a modality are: `vqcodec.transform.image.autoencoder`, or that of audio."""

    def encoder_parts(self, config: Any, /) -> Parts: ...
    def encode(self, net: Any, x: Any, /) -> Any: ...
    def decoder_parts(self, config: Any, /) -> Parts: ...
    def decode(self, net: Any, z_q: Any, rate_point: Any, /) -> tuple[Any, Any]: ...
    def likelihood_parts(self, config: Any, /) -> Parts: ...
    def likelihood(self, net: Any, features: Any, /) -> Any: ...


@dataclass(frozen=True)
class NetworkWeights:
    """The weights of each network by the names of `vqcodec.transform.layers`, in float32.

    Args:
        definition: of the networks.
        shape: of the networks.
        weights: of the model; the encoder's may be missing, and the likelihood's, which files do not need.
        values: "pixels" or "samples", for error messages.
    """

    definition: Definition
    shape: Any
    weights: Weights
    values: str

    def check(self) -> None:
        """Raise ModelError if the weights of the decoder do not fit, or those of the encoder, if there are any."""
        self._checked("decoder", self.definition.decoder_parts(self.shape))
        if self.has_encoder:
            self._checked("encoder", self.definition.encoder_parts(self.shape))

    @cached_property
    def decoder(self) -> State:
        """Of the decoder; ModelError if they do not fit."""
        return self._checked("decoder", self.definition.decoder_parts(self.shape))

    @cached_property
    def encoder(self) -> State:
        """Of the encoder; ModelError if there are none, or they do not fit."""
        if not self.has_encoder:
            raise ModelError("the model has no encoder: it can only decompress")
        return self._checked("encoder", self.definition.encoder_parts(self.shape))

    @cached_property
    def likelihood(self) -> State:
        """Of the likelihood; ModelError if there are none, or they do not fit."""
        try:
            return self._checked("likelihood", self.definition.likelihood_parts(self.shape))
        except ModelError:
            raise ModelError(
                f"the model cannot say how likely {self.values} are: its likelihood network is missing or does not fit"
            ) from None

    @property
    def has_encoder(self) -> bool:
        """Whether there are any weights of an encoder."""
        return any(name.startswith("encoder/") for name in self.weights)

    def _checked(self, network: str, parts: Parts) -> State:
        prefix = network + "/"
        own = {name.removeprefix(prefix): each for name, each in self.weights.items() if name.startswith(prefix)}
        if {name: array.shape for name, array in own.items()} != weight_shapes(parts):
            raise ModelError(f"the weights of the model do not fit its {network}")
        return {name: array.astype(np.float32, copy=False) for name, array in own.items()}


def check_finite(*ends: SupportsFloat) -> None:
    """Raise ModelError if the least or greatest number of a network is not finite, which large weights can cause."""
    if not all(map(math.isfinite, map(float, ends))):
        raise ModelError("the networks of the model give values that are not finite")
