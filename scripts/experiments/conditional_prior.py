"""A prior of noisy latents given their surroundings: a light float twin of the sliced PixelCNN.

Training under it tells the encoder what the prior of the files will know: channels are coded in slices, each given all
earlier slices around it and its own causal neighbours (Minnen and Singh, 'Channel-wise autoregressive entropy models',
2020; van den Oord et al., 'Conditional image generation with PixelCNN decoders', 2016). It begins as the factorized
prior that it is built on, and predicts corrections to its mixture.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcodec.training.engine.machine import Machine
from vqcodec.training.factorized_prior import FactorizedPrior, mixture_bits

__all__ = ["ConditionalPrior"]

TAPS = 5  # rows and columns that a slice sees of its surroundings


class CausalConv2d(nn.Conv2d):
    """A convolution that sees the rows above, and what is on the left in its own row."""

    mask: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, TAPS, padding=TAPS // 2)
        mask = torch.zeros(TAPS, TAPS)
        mask[: TAPS // 2] = 1
        mask[TAPS // 2, : TAPS // 2] = 1
        self.register_buffer("mask", mask)

    def forward(self, x: Tensor) -> Tensor:
        """`[B, C, h, w]` to `[B, C', h, w]`."""
        seen: Tensor = self._conv_forward(x, self.weight * self.mask, self.bias)
        return seen


class Slice(nn.Module):
    """What the mixture of a slice's channels is, given earlier slices and the slice's own past."""

    def __init__(self, earlier: int, channels: int, rate_points: int, width: int, outputs: int) -> None:
        super().__init__()
        self.past = CausalConv2d(channels, width)
        self.context = nn.Conv2d(earlier, width, TAPS, padding=TAPS // 2) if earlier else None
        self.rate_bias = nn.Embedding(rate_points, width)
        nn.init.zeros_(self.rate_bias.weight)
        self.inner = nn.Conv2d(width, width, 1)
        self.outer = nn.Conv2d(width, outputs * channels, 1)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)  # type: ignore[arg-type]

    def forward(self, earlier: Tensor, own: Tensor, rate: Tensor) -> Tensor:
        """Corrections `[B, outputs * channels, h, w]`, given earlier slices and its own channels."""
        hidden = self.past(own) + self.rate_bias(rate)[:, :, None, None]
        if self.context is not None:
            hidden = hidden + self.context(earlier)
        hidden = F.leaky_relu(self.inner(F.leaky_relu(hidden, 0.1)), 0.1)
        parameters: Tensor = self.outer(hidden)
        return parameters


class ConditionalPrior(nn.Module):
    """See the module.

    Args:
        factorized: the prior that it corrects, and whose noise widths it shares.
        slices: channels of each slice, in their order.
        machine: whose precision the slices are computed with.
        width: channels inside.
    """

    spread: Tensor

    def __init__(self, factorized: FactorizedPrior, slices: Sequence[int], machine: Machine, width: int = 96) -> None:
        super().__init__()
        rate_points, _ = factorized.log_width.shape
        self.factorized, self.ends, self.machine = factorized, list(accumulate(slices)), machine
        outputs = 3 * factorized.mean.shape[1]
        self.slices = nn.ModuleList(
            Slice(end - count, count, rate_points, width, outputs) for count, end in zip(slices, self.ends, strict=True)
        )
        self.register_buffer("spread", torch.ones(self.ends[-1]))

    @torch.no_grad()
    def start(self, latents: Tensor) -> None:
        """Take the scale of latents `[B, C, h, w]` of the encoder."""
        self.spread.copy_(latents.std((0, 2, 3)).clamp_min(1e-3))

    def forward(self, z: Tensor, rate: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Noisy latents and their bits, both `[B, C, h, w]`, for z and noise `[B, C, h, w]` and rate points `[B]`."""
        noisy, width = self.factorized.noisy(z, rate, noise)
        spread = self.spread[:, None, None]
        # Noise beyond the spread of a channel says nothing: Wiener's factor takes it away.
        known = noisy * spread / (spread**2 + width**2 / 12)
        corrections = []
        with self.machine.autocast():
            begin = 0
            for part, end in zip(self.slices, self.ends, strict=True):
                corrections.append(part(known[:, :begin], known[:, begin:end], rate).float())
                begin = end
        batch, _, height, columns = z.shape
        components = self.factorized.mean.shape[1]
        parts = [c.view(batch, -1, 3, components, height, columns) for c in corrections]
        mean, log_scale, logit = torch.cat(parts, 1).unbind(2)
        of_channel = (slice(None), slice(None), None, None)
        mean = self.factorized.mean[of_channel] + spread[..., None] * mean
        log_scale = (self.factorized.log_scale[of_channel] + log_scale).clamp(-7, 7)
        logit = self.factorized.logit[of_channel] + logit
        return noisy, mixture_bits(noisy, width, mean, log_scale, logit)
