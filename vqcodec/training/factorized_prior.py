"""The factorized prior of latents under additive uniform noise, the surrogate of quantization that training starts
from.

Ballé, Laparra and Simoncelli, 'End-to-end optimized image compression' (2017), with a mixture of logistics a channel
in place of their piecewise function, and one noise width a rate point and channel (the gains of Cui et al.,
'Asymmetric gained deep image compression', 2021), so that one encoder serves all rate points.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["FactorizedPrior", "mixture_bits"]


class FactorizedPrior(nn.Module):
    """Adds uniform noise to latents and counts the bits that quantizing them as finely would take.

    Args:
        channels: channels of the latents.
        rate_points: their number, coarse to fine.
        coarsest: initial noise width of rate point 0.
        ratio: initial factor between the widths of neighbouring rate points.
        components: logistics a channel.
    """

    def __init__(
        self, channels: int, rate_points: int, coarsest: float = 1.2, ratio: float = 0.66, components: int = 4
    ) -> None:
        super().__init__()
        self.mean = nn.Parameter(0.5 * torch.randn(channels, components))
        self.log_scale = nn.Parameter(torch.linspace(-2.0, 1.5, components).repeat(channels, 1))
        self.logit = nn.Parameter(torch.zeros(channels, components))
        widths = torch.tensor([coarsest * ratio**rate_point for rate_point in range(rate_points)])
        self.log_width = nn.Parameter(widths.log()[:, None].repeat(1, channels))

    def widths(self) -> Tensor:
        """Width of the noise, `[R, C]`, in units of the latents."""
        return self.log_width.detach().exp()

    @torch.no_grad()
    def start(self, latents: Tensor, metric: Tensor) -> None:
        """Begin with what is known: latents `[1, C, N, 1]` of the encoder, inverse squared widths `[R, C]`."""
        spread = latents.std((0, 2, 3)).clamp_min(1e-4)
        components = self.mean.shape[1]
        self.mean.copy_(latents.mean((0, 2, 3))[:, None] + 0.3 * spread[:, None] * torch.randn(len(spread), components))
        self.log_scale.copy_(spread.log()[:, None] + torch.linspace(-2.5, 0.0, components))
        self.log_width.copy_(-0.5 * metric.log())

    def noisy(self, z: Tensor, rate_point: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """z `[B, C, h, w]` with noise of the widths of rate points `[B]`, and these widths `[B, C, 1, 1]`.

        `noise` is uniform in -0.5..0.5, `[B, C, h, w]`.
        """
        width = self.log_width.exp()[rate_point][:, :, None, None]
        return z + noise * width, width

    def forward(self, z: Tensor, rate_point: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Noisy latents and their bits, both `[B, C, h, w]`, for z and noise `[B, C, h, w]` and rate points `[B]`."""
        noisy, width = self.noisy(z, rate_point, noise)
        of_channel = (slice(None), slice(None), None, None)
        mixture = (part[of_channel] for part in (self.mean, self.log_scale, self.logit))
        return noisy, mixture_bits(noisy, width, *mixture)


def mixture_bits(noisy: Tensor, width: Tensor, mean: Tensor, log_scale: Tensor, logit: Tensor) -> Tensor:
    """-log2 of the mass that a mixture of logistics has within `width` around noisy latents, `[B, C, h, w]`.

    Args:
        noisy: `[B, C, h, w]`.
        width: `[B, C, 1, 1]`.
        mean, log_scale, logit: of the K logistics, `[..., C, K, h, w]` or what broadcasts to it.
    """
    mass = torch.zeros_like(noisy)
    weights = logit.softmax(-3)
    for mean_k, log_scale_k, weight in zip(*(part.unbind(-3) for part in (mean, log_scale, weights)), strict=True):
        inverse = torch.exp(-log_scale_k)
        offset = -(noisy - mean_k).abs()  # symmetric; the lower tail keeps its precision
        upper, lower = torch.sigmoid((offset + width / 2) * inverse), torch.sigmoid((offset - width / 2) * inverse)
        mass = mass + weight * (upper - lower)
    return -torch.log2(mass.clamp_min(1e-9))
