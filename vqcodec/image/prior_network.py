"""The trainable twin of `vqcodec.image.prior.PixelCNN`: the same network in torch, with or without rounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcodec.image.config import PriorConfig
from vqcodec.image.prior import PixelCNN, SliceNetwork
from vqcodec.nn.exact import PREACTIVATION_BITS, Tables
from vqcodec.nn.neighbours import AROUND_OFFSETS
from vqcodec.nn.schedule import CAUSAL_OFFSETS
from vqcodec.training.quantized_layer import (
    UNIT,
    QuantizedLayer,
    add_clamped,
    exact_layer,
    gate,
    integer_parameters,
    straight_through_round,
)

__all__ = ["PriorNetwork"]


class SliceModule(nn.Module):
    """One slice: context layers, causal layers and the inner matrix of the heads, `[H, planes, features]`."""

    def __init__(self, config: PriorConfig, earlier: int, planes: int, dimension: int, rates: int) -> None:
        super().__init__()
        centre = ((0, 0),)
        widths = [earlier * dimension] + [config.context] * config.context_depth if earlier else []
        context = [QuantizedLayer([(width, AROUND_OFFSETS)], 2 * config.context, rates) for width in widths[:-1]]
        first = [(planes * dimension, CAUSAL_OFFSETS)] + ([(config.context, centre)] if earlier else [])
        deeper = [(config.hidden, (*CAUSAL_OFFSETS, (0, 0)))]
        inputs = [first] + [deeper] * (config.depth - 1)
        causal = [QuantizedLayer(each, 2 * config.hidden, rates) for each in inputs]
        self.context = cast("Sequence[QuantizedLayer]", nn.ModuleList(context))
        self.causal = cast("Sequence[QuantizedLayer]", nn.ModuleList(causal))
        self.project = nn.Parameter(torch.zeros(config.hidden, planes, config.features))

    def forward(self, own: Tensor, earlier: Tensor, rate: int, quantized: bool) -> Tensor:
        """Values `[B, C, h, w]` of the slice and of the earlier ones to hidden activations `[B, H, h, w]`."""
        state = earlier
        for depth, layer in enumerate(self.context):
            new = gate(layer([state], rate, quantized), quantized)
            state = new if depth == 0 else add_clamped(state, new)
        first = [own, state] if self.context else [own]
        hidden = gate(self.causal[0](first, rate, quantized), quantized)
        for layer in self.causal[1:]:
            hidden = add_clamped(hidden, gate(layer([hidden], rate, quantized), quantized))
        return hidden


class PriorNetwork(nn.Module):
    """The prior of codebooks that are fixed.

    Args:
        config: its shape.
        codebooks: `[R, P, K, D]`.
        code_bits: `[R, P, K]`, order-0 code lengths: where training starts.
        sizes: `[R, P]`, the alphabets; codes beyond them are never used.
    """

    values: Tensor
    sizes: Tensor
    order0: Tensor

    def __init__(self, config: PriorConfig, codebooks: Tensor, code_bits: Tensor, sizes: Tensor) -> None:
        super().__init__()
        self.config = config
        rates, _, alphabet, dimension = codebooks.shape
        used = torch.arange(alphabet) < sizes[..., None]
        codebooks = codebooks * used[..., None]
        spread = codebooks.abs().amax((0, 2, 3), keepdim=True).clamp_min(1e-6)
        self.register_buffer("values", torch.round(codebooks / spread * 127))
        self.register_buffer("sizes", sizes.clone())
        probability = torch.exp2(-code_bits) * used
        self.register_buffer("order0", (probability * code_bits).sum((1, 2)).clamp_min(1.0))  # bits a position, [R]
        ends = np.cumsum(config.planes).tolist()
        self.ranges = [range(end - count, end) for end, count in zip(ends, config.planes, strict=True)]
        modules = [SliceModule(config, planes.start, len(planes), dimension, rates) for planes in self.ranges]
        self.slices = cast("Sequence[SliceModule]", nn.ModuleList(modules))
        self.code_features = nn.Parameter(_code_features(codebooks, config.features))
        self.code_bias = nn.Parameter(-code_bits * 0.6931)

    def look_up(self, indices: Tensor, rate: int) -> Tensor:
        """Values `[B, P D, h, w]` of indices `[B, P, h, w]`."""
        plane = torch.arange(indices.shape[1])[:, None, None]
        values = self.values[rate][plane, indices]  # [B, P, h, w, D]
        return values.permute(0, 1, 4, 2, 3).flatten(1, 2)

    def forward(self, indices: Tensor, rate: int, quantized: bool) -> Tensor:
        """Bits of every index, `[B, P, h, w]`, for indices `[B, P, h, w]` of one rate point."""
        values = self.look_up(indices, rate)
        dimension = self.values.shape[-1]
        bits = []
        for planes, module in zip(self.ranges, self.slices, strict=True):
            own = values[:, planes.start * dimension : planes.stop * dimension]
            hidden = module(own, values[:, : planes.start * dimension], rate, quantized)
            bits += [self._plane_bits(plane, module, hidden, indices[:, plane], rate, quantized) for plane in planes]
        return torch.stack(bits, 1)

    def _plane_bits(
        self, plane: int, module: SliceModule, hidden: Tensor, index: Tensor, rate: int, quantized: bool
    ) -> Tensor:
        if self.sizes[rate, plane] == 1:
            return torch.zeros_like(index, dtype=hidden.dtype)
        logits = self.logits(plane, module, hidden.permute(0, 2, 3, 1), rate, quantized)
        nats = F.cross_entropy(logits.flatten(0, 2), index.flatten(), reduction="none")
        return nats.view(index.shape) / 0.6931

    def logits(self, plane: int, module: SliceModule, hidden: Tensor, rate: int, quantized: bool) -> Tensor:
        """`[..., H]` to logits in nats `[..., K]` of a plane."""
        weight, bias = self.head(plane, module, rate)
        if not quantized:
            return hidden @ (weight / UNIT) + bias
        whole, biases, shift = integer_parameters(weight, bias[None])
        total = (hidden @ whole + biases[0]) * torch.exp2(-shift)
        return straight_through_round(total) * 2.0**-PREACTIVATION_BITS

    def head(self, plane: int, module: SliceModule, rate: int) -> tuple[Tensor, Tensor]:
        """Weight `[H, K]` and bias `[K]` of a plane's logits: projected, then compared with the codes' features."""
        size = int(self.sizes[rate, plane])
        within = plane - next(planes.start for planes in self.ranges if plane in planes)
        features, bias = self.code_features[rate, plane, :size], self.code_bias[rate, plane, :size]
        return module.project[:, within] @ features.T, bias - bias.detach().max()

    def export(self) -> PixelCNN:
        """The exact prior.

        Raises:
            ModelError: an output could leave the exact range.
        """
        networks = []
        for planes, module in zip(self.ranges, self.slices, strict=True):
            heads = []
            for rate in range(len(self.values)):
                chosen = [plane for plane in planes if self.sizes[rate, plane] > 1]
                parts = [self.head(plane, module, rate) for plane in chosen]
                empty = module.project.new_zeros(self.config.hidden, 0), module.project.new_zeros(0)
                weight = torch.cat([part[0] for part in parts] or [empty[0]], 1)
                bias = torch.cat([part[1] for part in parts] or [empty[1]])
                heads.append(exact_layer(weight, bias[None]))
            context = tuple(layer.export() for layer in module.context)
            networks.append(SliceNetwork(context, tuple(layer.export() for layer in module.causal), tuple(heads)))
        return PixelCNN(
            networks,
            self.config.planes,
            self.config.layers,
            self.values.numpy().astype(np.int8),
            self.sizes.numpy(),
            Tables.standard(),
        )


def _code_features(codebooks: Tensor, count: int) -> Tensor:
    """Features of codes to begin with, `[R, P, K, count]`: coordinates and products of two, a Gaussian's statistics."""
    spread = codebooks.std(2, keepdim=True).clamp_min(1e-6)
    x = codebooks / spread
    i, j = torch.triu_indices(x.shape[-1], x.shape[-1])
    statistics = torch.cat([x, x[..., i] * x[..., j]], -1)[..., :count]
    padding = 0.1 * torch.randn(*x.shape[:-1], max(0, count - statistics.shape[-1]))
    return torch.cat([statistics, padding], -1).clamp(-4, 4)
