"""The parts that the trainable priors of pictures and sound share: the values of codes, and the heads.

The logits of a plane are the product of the features of its codes and a projection of the hidden activations. The
features begin as the sufficient statistics of a Gaussian over codewords.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcodec.prior.exact import PREACTIVATION_BITS, ExactLayer
from vqcodec.training.engine.machine import full_precision
from vqcodec.training.prior.quantized_layer import UNIT, exact_layer, integer_parameters, straight_through_round

__all__ = ["PriorHeads"]


class PriorHeads(nn.Module):
    """The base of trainable priors: what depends on the codebooks, which are fixed.

    Args:
        planes: how many planes each slice has.
        features: inner dimension of the heads.
        codebooks: `[R, P, K, D]`.
        code_bits: `[R, P, K]`, order-0 code lengths: where training starts.
        sizes: `[R, P]`, the alphabets; codes beyond them are never used.

    Attributes:
        values: `[R, P, K, D]`, integers in -127..127: what the network reads for an index.
        order0: `[R]`, bits a position by the order-0 code lengths.
        ranges: the planes of each slice.
        sharpness: `[R]`, a factor on all logits: see `vqcodec.training.prior.sharpness`.
    """

    values: Tensor
    sizes: Tensor
    order0: Tensor
    sharpness: Tensor

    def __init__(
        self, planes: Sequence[int], features: int, codebooks: Tensor, code_bits: Tensor, sizes: Tensor
    ) -> None:
        super().__init__()
        used = torch.arange(codebooks.shape[2]) < sizes[..., None]
        codebooks = codebooks * used[..., None]
        spread = codebooks.abs().amax((0, 2, 3), keepdim=True).clamp_min(1e-6)
        self.register_buffer("values", torch.round(codebooks / spread * 127))
        self.register_buffer("sizes", sizes.clone())
        self.alphabets = sizes.numpy().copy()  # the same; always on the CPU
        probability = torch.exp2(-code_bits) * used
        self.register_buffer("order0", (probability * code_bits).sum((1, 2)).clamp_min(1.0))
        self.register_buffer("sharpness", torch.ones(len(sizes)), persistent=False)
        ends = np.cumsum(planes).tolist()
        self.ranges = [range(end - count, end) for end, count in zip(ends, planes, strict=True)]
        self.code_features = nn.Parameter(_code_features(codebooks, features))
        self.code_bias = nn.Parameter(-code_bits * 0.6931)

    def plane_bits(
        self, plane: int, project: Tensor, hidden: Tensor, index: Tensor, rate_point: int, quantized: bool
    ) -> Tensor:
        """Bits `[...]` of indices `[...]` of a plane, given hidden activations `[..., H]`; `project` as for `head`."""
        if self.alphabets[rate_point, plane] == 1:
            return torch.zeros_like(index, dtype=torch.float32)
        with full_precision(hidden.device):  # logits need all their bits
            logits = self.logits(plane, project, hidden.float(), rate_point, quantized)
        nats = F.cross_entropy(logits.flatten(0, -2), index.flatten(), reduction="none")
        return nats.view(index.shape) / 0.6931

    def logits(self, plane: int, project: Tensor, hidden: Tensor, rate_point: int, quantized: bool) -> Tensor:
        """`[..., H]` to logits in nats `[..., K]` of a plane."""
        weight, bias = self.head(plane, project, rate_point)
        if not quantized:
            return hidden @ (weight / UNIT) + bias
        whole, biases, shift = integer_parameters(weight, bias[None])
        total = (hidden @ whole + biases[0]) * torch.exp2(-shift)
        return straight_through_round(total) * 2.0**-PREACTIVATION_BITS

    def head(self, plane: int, project: Tensor, rate_point: int) -> tuple[Tensor, Tensor]:
        """Weight `[H, K]` and bias `[K]` of a plane's logits, given the `project` `[H, planes, F]` of its slice."""
        size = self.alphabets[rate_point, plane]
        within = plane - next(planes.start for planes in self.ranges if plane in planes)
        features, bias = self.code_features[rate_point, plane, :size], self.code_bias[rate_point, plane, :size]
        factor = self.sharpness[rate_point]
        return factor * (project[:, within] @ features.T), factor * (bias - bias.detach().max())

    def exact_heads(self, planes: range, project: Tensor) -> tuple[ExactLayer, ...]:
        """The integer heads of a slice, one for each rate point.

        Raises:
            ModelError: an output could leave the exact range.
        """
        heads = []
        for rate_point in range(len(self.values)):
            parts = [self.head(plane, project, rate_point) for plane in planes if self.alphabets[rate_point, plane] > 1]
            parts = parts or [(project.new_zeros(len(project), 0), project.new_zeros(0))]
            weight, bias = (torch.cat(each, -1) for each in zip(*parts, strict=True))
            heads.append(exact_layer(weight, bias[None]))
        return tuple(heads)


def _code_features(codebooks: Tensor, count: int) -> Tensor:
    """The first features of codes, `[R, P, K, count]`: coordinates and products of two, as in a Gaussian."""
    spread = codebooks.std(2, keepdim=True).clamp_min(1e-6)
    x = codebooks / spread
    i, j = torch.triu_indices(x.shape[-1], x.shape[-1])
    statistics = torch.cat([x, x[..., i] * x[..., j]], -1)[..., :count]
    padding = 0.1 * torch.randn(*x.shape[:-1], max(0, count - statistics.shape[-1]))
    return torch.cat([statistics, padding], -1).clamp(-4, 4)
