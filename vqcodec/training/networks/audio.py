"""The networks of `vqcodec.transform.audio.autoencoder` as PyTorch modules, with the spectra at their ends."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vqcodec.training.networks.spectrum import compressed_spectra, sound_of_spectra
from vqcodec.transform.audio import autoencoder
from vqcodec.transform.audio.config import AutoencoderConfig
from vqcodec.transform.torch_networks import Network

__all__ = ["Decoder", "Encoder", "LikelihoodHead"]


class Encoder(Network):
    """`[B, 1, N]` samples in -1..1 (N a multiple of the stride) to z_e `[B, C, 1, N / stride]`."""

    layers: nn.Sequential

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__(autoencoder.encoder_parts(config))
        self.hop = config.hop

    def forward(self, x: Tensor) -> Tensor:
        features = compressed_spectra(x[:, 0].float(), self.hop)
        z: Tensor = autoencoder.encode(self, features.contiguous(memory_format=torch.channels_last))
        return z


class Decoder(Network):
    """From z_q `[B, C, 1, T]` and the rate point of each item `[B]` to the location of p(x|z_q).

    Returns the location `[B, 1, T stride]`, nominally in -1..1 and not clamped, and the features of the last level
    `[B, width, 1, T stride / hop]`.
    """

    gain: nn.Parameter
    stem: nn.Conv2d
    rate_bias: nn.Embedding
    layers: nn.Sequential
    location: nn.Conv2d

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__(autoencoder.decoder_parts(config))
        self.hop = config.hop

    def forward(self, z_q: Tensor, rate_point: Tensor) -> tuple[Tensor, Tensor]:
        spectra, features = autoencoder.decode(self, z_q, rate_point)
        return sound_of_spectra(spectra.float(), self.hop)[:, None], features


class LikelihoodHead(Network):
    """See `vqcodec.transform.audio.autoencoder.likelihood`: `[B, 1, N]` each. Training begins with 0."""

    inner: nn.Conv2d
    outer: nn.Conv2d

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__(autoencoder.likelihood_parts(config))
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        log_scale, factor = autoencoder.likelihood_parameters(autoencoder.likelihood(self, features).float())
        return log_scale[:, None], factor[:, None]
