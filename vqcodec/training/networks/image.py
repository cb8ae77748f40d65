"""The networks of `vqcodec.transform.image.autoencoder` as PyTorch modules."""

from __future__ import annotations

from torch import Tensor, nn

from vqcodec.transform.image import autoencoder
from vqcodec.transform.image.config import AutoencoderConfig
from vqcodec.transform.torch_networks import Network

__all__ = ["Decoder", "Encoder", "LikelihoodHead"]


class Encoder(Network):
    """See `vqcodec.transform.image.autoencoder.encode`."""

    layers: nn.Sequential
    linear: nn.Conv2d | None

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__(autoencoder.encoder_parts(config))
        self.stride = config.stride

    def forward(self, x: Tensor) -> Tensor:
        z: Tensor = autoencoder.encode(self, x)
        return z


class Decoder(Network):
    """See `vqcodec.transform.image.autoencoder.decode`."""

    gain: nn.Parameter
    stem: nn.Conv2d
    rate_bias: nn.Embedding
    layers: nn.Sequential
    location: nn.Conv2d
    linear: nn.Conv2d | None

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__(autoencoder.decoder_parts(config))
        self.stride = config.stride

    def forward(self, z_q: Tensor, rate_point: Tensor) -> tuple[Tensor, Tensor]:
        location, features = autoencoder.decode(self, z_q, rate_point)
        return location, features


class LikelihoodHead(Network):
    """See `vqcodec.transform.image.autoencoder.likelihood`; training begins with 0 at the last layer."""

    inner: nn.Conv2d
    outer: nn.Conv2d

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__(autoencoder.likelihood_parts(config))
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        log_scale, weights = autoencoder.likelihood_parameters(autoencoder.likelihood(self, features).float())
        return log_scale, weights
