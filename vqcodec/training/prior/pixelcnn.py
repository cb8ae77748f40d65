"""The trainable twin of `vqcodec.prior.pixelcnn.PixelCNN`: the same network in torch, with or without rounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from vqcodec.prior.config import PixelCNNConfig
from vqcodec.prior.exact import Tables
from vqcodec.prior.neighbours import AROUND_OFFSETS
from vqcodec.prior.pixelcnn import PixelCNN, PixelCNNSlice
from vqcodec.prior.wavefront import CAUSAL_OFFSETS
from vqcodec.training.prior.heads import PriorHeads
from vqcodec.training.prior.quantized_layer import QuantizedLayer, add_clamped, gate

__all__ = ["PixelCNNNetwork"]


class SliceModule(nn.Module):
    """One slice: context layers, causal layers and the inner matrix of the heads, `[H, planes, features]`."""

    def __init__(self, config: PixelCNNConfig, earlier: int, planes: int, dimension: int, rate_points: int) -> None:
        super().__init__()
        centre = ((0, 0),)
        widths = [earlier * dimension] + [config.context] * config.context_depth if earlier else []
        context = [QuantizedLayer([(width, AROUND_OFFSETS)], 2 * config.context, rate_points) for width in widths[:-1]]
        first = [(planes * dimension, CAUSAL_OFFSETS)] + ([(config.context, centre)] if earlier else [])
        deeper = [(config.hidden, (*CAUSAL_OFFSETS, (0, 0)))]
        inputs = [first] + [deeper] * (config.depth - 1)
        causal = [QuantizedLayer(each, 2 * config.hidden, rate_points) for each in inputs]
        self.context = cast("Sequence[QuantizedLayer]", nn.ModuleList(context))
        self.causal = cast("Sequence[QuantizedLayer]", nn.ModuleList(causal))
        self.project = nn.Parameter(torch.zeros(config.hidden, planes, config.features))

    def forward(self, own: Tensor, earlier: Tensor, rate_point: int, quantized: bool) -> Tensor:
        """Values `[B, C, h, w]` of the slice and of the earlier ones to hidden activations `[B, H, h, w]`."""
        state = earlier
        for depth, layer in enumerate(self.context):
            new = gate(layer([state], rate_point, quantized), quantized)
            state = new if depth == 0 else add_clamped(state, new)
        first = [own, state] if self.context else [own]
        hidden = gate(self.causal[0](first, rate_point, quantized), quantized)
        for layer in self.causal[1:]:
            hidden = add_clamped(hidden, gate(layer([hidden], rate_point, quantized), quantized))
        return hidden


class PixelCNNNetwork(PriorHeads):
    """The trainable prior of a model of pictures, for fixed codebooks.

    Args:
        config: its shape.
        codebooks: `[R, P, K, D]`.
        code_bits: `[R, P, K]`, order-0 code lengths: where training starts.
        sizes: `[R, P]`, the alphabets; codes beyond them are never used.
    """

    def __init__(self, config: PixelCNNConfig, codebooks: Tensor, code_bits: Tensor, sizes: Tensor) -> None:
        super().__init__(config.planes, config.features, codebooks, code_bits, sizes)
        self.config = config
        rate_points, _, _, dimension = codebooks.shape
        modules = [SliceModule(config, planes.start, len(planes), dimension, rate_points) for planes in self.ranges]
        self.slices = cast("Sequence[SliceModule]", nn.ModuleList(modules))

    def look_up(self, indices: Tensor, rate_point: int) -> Tensor:
        """Values `[B, P D, h, w]` of indices `[B, P, h, w]`."""
        plane = torch.arange(indices.shape[1], device=indices.device)[:, None, None]
        values = self.values[rate_point][plane, indices]  # [B, P, h, w, D]
        return values.permute(0, 1, 4, 2, 3).flatten(1, 2)

    def forward(self, indices: Tensor, rate_point: int, quantized: bool) -> Tensor:
        """Bits of every index, `[B, P, h, w]`, for indices `[B, P, h, w]` of one rate point."""
        values = self.look_up(indices, rate_point)
        dimension = self.values.shape[-1]
        bits = []
        for planes, module in zip(self.ranges, self.slices, strict=True):
            own = values[:, planes.start * dimension : planes.stop * dimension]
            hidden = module(own, values[:, : planes.start * dimension], rate_point, quantized).permute(0, 2, 3, 1)
            bits += [
                self.plane_bits(plane, module.project, hidden, indices[:, plane], rate_point, quantized)
                for plane in planes
            ]
        return torch.stack(bits, 1)

    def export(self) -> PixelCNN:
        """The exact prior.

        Raises:
            ModelError: an output could leave the exact range.
        """
        networks = []
        for planes, module in zip(self.ranges, self.slices, strict=True):
            context = tuple(layer.export() for layer in module.context)
            causal = tuple(layer.export() for layer in module.causal)
            networks.append(PixelCNNSlice(context, causal, self.exact_heads(planes, module.project)))
        return PixelCNN(
            networks,
            self.config.planes,
            self.config.streams,
            self.values.numpy().astype(np.int8),
            self.sizes.numpy(),
            Tables.standard(),
        )
